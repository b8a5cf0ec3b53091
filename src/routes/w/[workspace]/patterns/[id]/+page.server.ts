import { authorizePage } from '#lib/server/auth/authorize.ts';
import { pageError } from '#lib/server/error-mapping.ts';
import { getMetrics } from '#lib/server/services/metrics/index.ts';
import { getPattern, listPatterns } from '#lib/server/services/patterns/index.ts';
import type { PageServerLoad } from './$types';
import { similarTo } from './similar.server.ts';

/** One pattern, what it is searched among, and its neighbours of one condition less or more. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  event.depends('telltale:pattern');
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const [found, listed, metrics] = await Promise.all([
    getPattern(ctx, event.params.id),
    listPatterns(ctx, { limit: 1_000 }),
    getMetrics(ctx),
  ]).catch(pageError);
  return {
    asOf: found.asOf,
    pattern: found.item,
    similar: similarTo(found.item, listed.items),
    searched: metrics.searched,
    behindMs: metrics.behindMs,
  };
};
