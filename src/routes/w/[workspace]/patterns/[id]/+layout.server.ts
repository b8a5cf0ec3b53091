import { authorizePage } from '#lib/server/auth/authorize.ts';
import { findTrajectory } from '#lib/server/services/patterns/index.ts';
import { settle } from '../../settle.server.ts';
import type { LayoutServerLoad } from './$types';

/** What the charts draw: replayed from the log, so read more seldom than the figures. */
export const load: LayoutServerLoad = async (event) => {
  event.depends('telltale:trajectory');
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  return { trajectory: await settle(findTrajectory(ctx, event.params.id), ctx.requestId) };
};
