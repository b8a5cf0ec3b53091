import { error } from '@sveltejs/kit';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure, pageError } from '#lib/server/error-mapping.ts';
import { getMetrics } from '#lib/server/services/metrics/index.ts';
import { choosePattern, patternHistory, patternWhy } from '#lib/server/services/patterns/index.ts';
import type { Actions, PageServerLoad } from './$types';

const POINTS = 400;
const CHOICES = ['pin', 'unpin', 'retire', 'resume'] as const;

/** One pattern: its figures, why they are so, and what has happened to it. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  event.depends('telltale:pattern');
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const [why, history, metrics] = await Promise.all([
    patternWhy(ctx, event.params.id),
    patternHistory(ctx, event.params.id, { limit: POINTS }),
    getMetrics(ctx),
  ]).catch(pageError);
  return {
    why,
    history: history.items,
    searched: metrics.searched,
    behindMs: metrics.behindMs,
  };
};

export const actions: Actions = {
  choose: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'analyse');
    const asked = (await event.request.formData()).get('choice');
    const choice = CHOICES.find((one) => one === asked);
    if (choice === undefined) error(400, { message: 'There is no such choice.' });
    try {
      return { chosen: await choosePattern(ctx, event.params.id, choice) };
    } catch (thrown) {
      return actionFailure(thrown, { choice });
    }
  },
};
