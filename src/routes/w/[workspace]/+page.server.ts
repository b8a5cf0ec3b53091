import { authorizePage } from '#lib/server/auth/authorize.ts';
import { pageError } from '#lib/server/error-mapping.ts';
import { getMetrics } from '#lib/server/services/metrics/index.ts';
import { listOutcomes } from '#lib/server/services/outcomes/index.ts';
import { listPatterns } from '#lib/server/services/patterns/index.ts';
import type { PageServerLoad } from './$types';
import { settle } from './settle.server.ts';

const LATEST = 12;

/** Everything the live page starts from; the feed carries on from the cursor that the frame read before. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  event.depends('telltale:live');
  const outcomes = settle(listOutcomes(ctx, { limit: LATEST }), ctx.requestId);
  const [metrics, leaders] = await Promise.all([
    getMetrics(ctx, { history: true }),
    listPatterns(ctx, { view: 'leaders', limit: 8 }),
  ]).catch(pageError);
  return { metrics, leaders, outcomes: await outcomes };
};
