import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure, pageError } from '#lib/server/error-mapping.ts';
import { readFoldChecks, startFoldCheck } from '#lib/server/services/fold-checks/index.ts';
import { cancelSelfCheck, readSelfChecks, startSelfCheck } from '#lib/server/services/self-check/index.ts';
import type { Actions, PageServerLoad } from './$types';

/** Whether what is found here can be trusted: chance alone confirms nothing, and the figures are what the log says. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  event.depends('telltale:honesty');
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const [selfChecks, foldChecks] = await Promise.all([readSelfChecks(ctx), readFoldChecks(ctx)]).catch(
    pageError,
  );
  return { selfChecks, foldChecks };
};

export const actions: Actions = {
  shuffle: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'analyse');
    const shuffles = Number((await event.request.formData()).get('shuffles'));
    try {
      await startSelfCheck(ctx, { shuffles });
      return { started: 'shuffle' as const };
    } catch (thrown) {
      return actionFailure(thrown, { action: 'shuffle' as const });
    }
  },
  cancel: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'analyse');
    try {
      await cancelSelfCheck(ctx);
      return { started: null };
    } catch (thrown) {
      return actionFailure(thrown, { action: 'shuffle' as const });
    }
  },
  refold: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'manage');
    try {
      await startFoldCheck(ctx);
      return { started: 'refold' as const };
    } catch (thrown) {
      return actionFailure(thrown, { action: 'refold' as const });
    }
  },
};
