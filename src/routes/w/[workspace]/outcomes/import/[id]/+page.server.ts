import { redirect } from '@sveltejs/kit';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure, pageError } from '#lib/server/error-mapping.ts';
import {
  cancelImport,
  checkImport,
  getImportDetail,
  readMappingForm,
  startImport,
} from '#lib/server/services/imports/index.ts';
import type { Actions, PageServerLoad, RequestEvent } from './$types';

type Context = Awaited<ReturnType<typeof authorizePage>>;

export const load: PageServerLoad = async (event) => {
  const ctx = await authorizePage(event, event.params.workspace, 'record');
  try {
    const detail = await getImportDetail(ctx, event.params.id);
    return { detail, editing: detail.view.state === 'uploaded' || event.url.searchParams.has('columns') };
  } catch (thrown) {
    return pageError(thrown);
  }
};

async function mappingOf(event: RequestEvent, ctx: Context) {
  const [form, detail] = await Promise.all([event.request.formData(), getImportDetail(ctx, event.params.id)]);
  return readMappingForm(form, detail.columns);
}

/** Runs a step and shows the page again by its plain address, so that reloading repeats nothing. */
async function step(event: RequestEvent, act: (ctx: Context) => Promise<unknown>) {
  const ctx = await authorizePage(event, event.params.workspace, 'record');
  try {
    await act(ctx);
  } catch (thrown) {
    return actionFailure(thrown, { mapping: null });
  }
  redirect(303, `/w/${ctx.workspace.slug}/outcomes/import/${event.params.id}`);
}

export const actions: Actions = {
  /** Without JavaScript: shows the form again with the values of the chosen outcome column. */
  show: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'record');
    try {
      const { mapping } = await mappingOf(event, ctx);
      return { values: { mapping }, issues: [], message: '' };
    } catch (thrown) {
      return actionFailure(thrown, { mapping: null });
    }
  },
  check: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'record');
    let values: Awaited<ReturnType<typeof mappingOf>>;
    try {
      values = await mappingOf(event, ctx);
    } catch (thrown) {
      return actionFailure(thrown, { mapping: null });
    }
    const { mapping, valuesOutdated } = values;
    if (valuesOutdated) {
      const message = 'These are the values of the column you chose. Say which ones mean success.';
      return { values: { mapping }, issues: [{ path: 'success', message }], message };
    }
    try {
      await checkImport(ctx, event.params.id, mapping);
    } catch (thrown) {
      return actionFailure(thrown, { mapping });
    }
    redirect(303, `/w/${ctx.workspace.slug}/outcomes/import/${event.params.id}`);
  },
  start: (event) => step(event, (ctx) => startImport(ctx, event.params.id)),
  cancel: (event) => step(event, (ctx) => cancelImport(ctx, event.params.id)),
};
