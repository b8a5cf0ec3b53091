import type { PatternHistory } from '#lib/contracts/pattern-insight.ts';
import { keptLogE } from '#lib/domain/patterns/kept-log-e.ts';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { pageError } from '#lib/server/error-mapping.ts';
import { getMetrics } from '#lib/server/services/metrics/index.ts';
import { listOutcomes } from '#lib/server/services/outcomes/index.ts';
import { listPatterns, patternHistory } from '#lib/server/services/patterns/index.ts';
import type { PageServerLoad } from './$types';
import { settle } from './settle.server.ts';

const LATEST = 12;
/** Of the line above each meter. */
const POINTS = 60;

/** Of the epoch under way alone: the meter is of its side, and an earlier one may have been of the other. */
function toLine({ items, epochs }: PatternHistory): { position: number; logE: number }[] {
  const side = epochs.at(-1)?.side ?? 'better';
  const began = epochs.at(-2)?.until ?? 0;
  return items
    .filter(({ position }) => position >= began)
    .map((point) => ({ position: point.position, logE: keptLogE(point, side) }));
}

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
  const histories = await settle(
    Promise.all(
      leaders.items.flatMap(({ id }) =>
        id === null
          ? []
          : [patternHistory(ctx, id, { limit: POINTS }).then((history) => [id, toLine(history)] as const)],
      ),
    ),
    ctx.requestId,
  );
  return {
    metrics,
    leaders,
    outcomes: await outcomes,
    // A line above a meter that cannot be drawn is left out; the fault is in the log.
    histories: histories.ok ? Object.fromEntries(histories.value) : {},
  };
};
