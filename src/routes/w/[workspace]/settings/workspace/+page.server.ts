import { timezones } from '#lib/contracts/timezones.ts';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure } from '#lib/server/error-mapping.ts';
import { readFoldChecks } from '#lib/server/services/fold-checks/index.ts';
import { updateWorkspace } from '#lib/server/services/workspaces/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const ctx = await authorizePage(event, event.params.workspace, 'manage');
  return { settings: ctx.workspace, zones: timezones(), checks: await readFoldChecks(ctx) };
};

export const actions: Actions = {
  default: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'manage');
    const form = await event.request.formData();
    const values = { name: String(form.get('name') ?? ''), timezone: String(form.get('timezone') ?? '') };
    try {
      await updateWorkspace(ctx, values);
      return { saved: true };
    } catch (thrown) {
      return actionFailure(thrown, values);
    }
  },
};
