import type { PatternTrajectory } from '#lib/contracts/pattern-insight.ts';
import { confidence } from '#lib/domain/statistics/confidence.ts';
import { CONFIRMED_MINIMUM_LOG_E, FALSE_DISCOVERY_RATE } from '#lib/domain/statistics/online-e-bh.ts';
import { requirePermission, type Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import type { PatternTrace } from '../../recalculation/pattern-insight.ts';

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/**
 * A pattern's evidence along the log, replayed from all that stands.
 * @throws AppError FORBIDDEN, NOT_FOUND, UNAVAILABLE
 */
export async function patternTrajectory(ctx: Context, id: string): Promise<PatternTrajectory> {
  requirePermission(ctx, 'read');
  const trace = await (await ctx.app.folds.of(ctx.workspace.id)).insight.trace(id);
  if (trace === null) throw notFound('pattern');
  return toTrajectory(id, trace, await confirmations(ctx));
}

/** Positions at which anything was confirmed, ascending. */
async function confirmations(ctx: Context): Promise<number[]> {
  const rows = await ctx.app.db.sql<{ position: number }[]>`
    select (event ->> 'position')::bigint as position
    from pattern_history, jsonb_array_elements(events) as event
    where workspace_id = ${ctx.workspace.id} and events is not null and event ->> 'kind' = 'confirmed'
    order by 1`;
  return rows.map(({ position }) => position);
}

/** What one side of it had to reach alone: less with every confirmation before (STATISTICS §5). */
function neededAlong({ asOf, startedAt, gamma }: PatternTrace, confirmed: readonly number[]) {
  const logE = (rejections: number) =>
    Math.max(CONFIRMED_MINIMUM_LOG_E, -Math.log(FALSE_DISCOVERY_RATE * (gamma / 2) * (rejections + 1)));
  const before = confirmed.filter((position) => position <= startedAt).length;
  const needed = [{ position: startedAt, logE: logE(before) }];
  confirmed.forEach((position, i) => {
    if (position <= startedAt || position > asOf) return;
    const last = needed.at(-1);
    if (last?.position === position) needed.pop();
    needed.push({ position, logE: logE(i + 1) });
  });
  return needed;
}

function toTrajectory(id: string, trace: PatternTrace, confirmed: readonly number[]): PatternTrajectory {
  const { asOf, startedAt, points } = trace;
  return {
    asOf,
    id,
    startedAt,
    points: points.map(({ oddsRatio, ...point }) => ({
      ...point,
      confidence: confidence(point.logEPlus),
      confidenceWorse: confidence(point.logEMinus),
      oddsRatio:
        oddsRatio === null
          ? null
          : { low: finite(oddsRatio.low), high: finite(oddsRatio.high), estimate: oddsRatio.estimate },
    })),
    needed: neededAlong(trace, confirmed),
  };
}
