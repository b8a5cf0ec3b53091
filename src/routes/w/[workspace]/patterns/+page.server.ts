import { isFolded, readAddress, toPatternQuery } from '#lib/contracts/pattern-address.ts';
import { PATTERN_STATUSES, type PatternList } from '#lib/contracts/pattern.ts';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { inputProblem, pageError } from '#lib/server/error-mapping.ts';
import { listAttributes } from '#lib/server/services/attributes/index.ts';
import { getMetrics } from '#lib/server/services/metrics/index.ts';
import { listPatterns } from '#lib/server/services/patterns/index.ts';
import type { PageServerLoad } from './$types';

const MOST_KIDS = 500;

/** The list from its cursor on; from the top where the list no longer has that place. */
async function readList(
  ctx: Parameters<typeof listPatterns>[0],
  query: ReturnType<typeof toPatternQuery>,
  cursor: string | null,
): Promise<{ list: PatternList; cursor: string | null }> {
  try {
    return { list: await listPatterns(ctx, query), cursor };
  } catch (thrown) {
    const { issues } = inputProblem(thrown);
    if (!issues.some(({ path }) => path === 'cursor')) throw thrown;
    return { list: await listPatterns(ctx, { ...query, cursor: undefined }), cursor: null };
  }
}

/** The patterns that the address asks for, those folded under the opened ones, and how many there are of each kind. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  event.depends('telltale:patterns');
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const address = readAddress(event.url.searchParams);
  const query = toPatternQuery(address);
  const totalOf = async (change: object) =>
    (await listPatterns(ctx, { ...query, cursor: undefined, limit: 1, ...change })).total;
  const { sort, order } = query;
  const under = async (id: string): Promise<[string, PatternList]> => [
    id,
    await listPatterns(ctx, { explainedBy: id, sort, order, limit: MOST_KIDS }),
  ];
  const [{ list, cursor }, metrics, attributes, all, byStatus, kids] = await Promise.all([
    readList(ctx, query, address.cursor),
    getMetrics(ctx),
    listAttributes(ctx),
    totalOf({ status: undefined }),
    Promise.all(PATTERN_STATUSES.map(async (status) => [status, await totalOf({ status })] as const)),
    Promise.all(isFolded(address) ? address.open.map(under) : []),
  ]).catch(pageError);
  const ofStatus = new Map(byStatus);
  const total = (status: (typeof PATTERN_STATUSES)[number]) => ofStatus.get(status) ?? 0;
  return {
    address: { ...address, cursor },
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
    leftOutAt: metrics.trackedLeftOutAt,
    searched: metrics.searched,
  };
};
