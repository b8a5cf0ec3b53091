import { error } from '@sveltejs/kit';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure } from '#lib/server/error-mapping.ts';
import { getSimulation, setTrickle } from '#lib/server/services/simulation/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const simulation = await getSimulation(ctx);
  if (simulation === null)
    error(404, { message: 'Nothing is simulated in this workspace.', code: 'NOT_FOUND' });
  return { simulation };
};

export const actions: Actions = {
  trickle: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'manage');
    const form = await event.request.formData();
    const rate = form.get('ratePerSecond');
    const ratePerSecond = typeof rate === 'string' && rate !== '' ? rate : undefined;
    try {
      const { running } = await setTrickle(ctx, { running: form.get('running') === 'on', ratePerSecond });
      return {
        done: running ? 'New outcomes come while somebody watches.' : 'Stopped. What is there stays.',
      };
    } catch (thrown) {
      return actionFailure(thrown, { ratePerSecond });
    }
  },
};
