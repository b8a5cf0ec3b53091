import { isFolded, readAddress, toPatternQuery } from '#lib/contracts/pattern-address.ts';
import { PATTERN_STATUSES, type PatternView } from '#lib/contracts/pattern.ts';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { pageError } from '#lib/server/error-mapping.ts';
import { listAttributes } from '#lib/server/services/attributes/index.ts';
import { getMetrics } from '#lib/server/services/metrics/index.ts';
import { listPatterns } from '#lib/server/services/patterns/index.ts';
import type { PageServerLoad } from './$types';

const MOST_KIDS = 500;

/** The patterns that the address asks for, those folded under the opened ones, and how many there are of each kind. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  event.depends('telltale:patterns');
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const address = readAddress(event.url.searchParams);
  const query = toPatternQuery(address);
  const totalOf = async (change: object) =>
    (await listPatterns(ctx, { ...query, cursor: undefined, limit: 1, ...change })).total;
  const under = async (id: string): Promise<[string, PatternView[]]> => [
    id,
    (
      await listPatterns(ctx, {
        explainedBy: id,
        sort: query['sort'],
        order: query['order'],
        limit: MOST_KIDS,
      })
    ).items,
  ];
  const [list, metrics, attributes, all, byStatus, kids] = await Promise.all([
    listPatterns(ctx, query),
    getMetrics(ctx),
    listAttributes(ctx),
    totalOf({ status: undefined }),
    Promise.all(PATTERN_STATUSES.map(async (status) => [status, await totalOf({ status })] as const)),
    Promise.all(isFolded(address) ? address.open.map(under) : []),
  ]).catch(pageError);
  const ofStatus = new Map(byStatus);
  const total = (status: (typeof PATTERN_STATUSES)[number]) => ofStatus.get(status) ?? 0;
  return {
    address,
    list,
    kids: Object.fromEntries(kids),
    totals: {
      all,
      confirmed: total('confirmed'),
      emerging: total('emerging'),
      weakening: total('weakening'),
      collecting: total('collecting'),
      retired: total('retired'),
    },
    choices: attributes.attributes
      .filter((attribute) => attribute.searched && attribute.values.length > 0)
      .map(({ key, label, values }) => ({
        key,
        label,
        values: values.map(({ label: value, n }) => ({ label: value, n })),
      })),
    tracked: metrics.tracked,
    leftOut: metrics.trackedLeftOut,
    searched: metrics.searched,
  };
};
