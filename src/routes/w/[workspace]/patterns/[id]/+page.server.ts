import { error, redirect } from '@sveltejs/kit';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure, pageError } from '#lib/server/error-mapping.ts';
import { getMetrics } from '#lib/server/services/metrics/index.ts';
import {
  choosePattern,
  getPattern,
  patternHistory,
  patternOrFormer,
} from '#lib/server/services/patterns/index.ts';
import type { Actions, PageServerLoad } from './$types';

const POINTS = 400;
const CHOICES = ['pin', 'unpin', 'retire', 'resume'] as const;

/** One pattern: its figures, why they are so, and what has happened to it. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  event.depends('telltale:pattern');
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const [found, history, metrics] = await Promise.all([
    patternOrFormer(ctx, event.params.id),
    patternHistory(ctx, event.params.id, { limit: POINTS }),
    getMetrics(ctx),
  ]).catch(pageError);
  return {
    ...found,
    history: history.items,
    epochs: history.epochs,
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
    let where: string[][];
    try {
      const { item } = await getPattern(ctx, event.params.id);
      const chosen = await choosePattern(ctx, event.params.id, choice);
      if (choice !== 'unpin' || !item.pinnedOnly) return { chosen };
      where = item.conditions.map(({ attribute, value }) => ['where', `${attribute}:${value}`]);
    } catch (thrown) {
      return actionFailure(thrown, { choice });
    }
    // It was tracked because it was pinned: from here on only a lookup answers for it.
    redirect(303, `/w/${encodeURIComponent(event.params.workspace)}/lookup?${new URLSearchParams(where)}`);
  },
};
