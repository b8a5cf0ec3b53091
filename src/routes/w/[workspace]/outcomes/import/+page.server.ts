import { redirect } from '@sveltejs/kit';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure } from '#lib/server/error-mapping.ts';
import { listImports, receiveUpload } from '#lib/server/services/imports/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const ctx = await authorizePage(event, event.params.workspace, 'record');
  return { imports: await listImports(ctx) };
};

export const actions: Actions = {
  default: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'record');
    let id: string;
    try {
      ({ id } = await receiveUpload(ctx, event.request));
    } catch (thrown) {
      return actionFailure(thrown, {});
    }
    redirect(303, `/w/${ctx.workspace.slug}/outcomes/import/${id}`);
  },
};
