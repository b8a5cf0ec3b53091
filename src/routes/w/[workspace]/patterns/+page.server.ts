import { readAddress, toPatternQuery } from '#lib/contracts/pattern-address.ts';
import { PATTERN_STATUSES } from '#lib/contracts/pattern.ts';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { pageError } from '#lib/server/error-mapping.ts';
import { getMetrics } from '#lib/server/services/metrics/index.ts';
import { listPatterns } from '#lib/server/services/patterns/index.ts';
import type { PageServerLoad } from './$types';

/** The patterns that the address asks for, and how many there are of each kind. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  event.depends('telltale:patterns');
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const address = readAddress(event.url.searchParams);
  const query = toPatternQuery(address);
  const totalOf = async (change: object) =>
    (await listPatterns(ctx, { ...query, cursor: undefined, limit: 1, ...change })).total;
  const [list, metrics, all, better, worse, ...byStatus] = await Promise.all([
    listPatterns(ctx, query),
    getMetrics(ctx),
    totalOf({ direction: undefined }),
    totalOf({ direction: 'better' }),
    totalOf({ direction: 'worse' }),
    ...PATTERN_STATUSES.map((status) => totalOf({ status })),
  ]).catch(pageError);
  return {
    address,
    list,
    totals: { all, better, worse },
    statuses: PATTERN_STATUSES.map((status, index) => ({ status, total: byStatus[index] ?? 0 })).filter(
      ({ total }) => total > 0,
    ),
    tracked: metrics.tracked,
    leftOut: metrics.trackedLeftOut,
    searched: metrics.searched,
    /** Changes with what is listed, not with the figures: the axis stays while it does. */
    listed: event.url.search,
  };
};
