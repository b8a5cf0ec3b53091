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
  const trajectory = await findTrajectory(ctx, id);
  if (trajectory === null) throw notFound('pattern');
  return trajectory;
}

/** The same; null for one that has no place, and so no evidence. @throws AppError FORBIDDEN, UNAVAILABLE */
export async function findTrajectory(ctx: Context, id: string): Promise<PatternTrajectory | null> {
  requirePermission(ctx, 'read');
  const trace = await (await ctx.app.folds.of(ctx.workspace.id)).insight.trace(id);
  return trace === null ? null : toTrajectory(id, trace);
}

/** What one side of it had to reach alone: less with every confirmation before (STATISTICS §5). */
function neededAlong({ startedAt, gamma, confirmations }: PatternTrace) {
  const logE = (rejections: number) =>
    Math.max(CONFIRMED_MINIMUM_LOG_E, -Math.log(FALSE_DISCOVERY_RATE * (gamma / 2) * (rejections + 1)));
  const before = confirmations.filter((position) => position <= startedAt).length;
  const needed = [{ position: startedAt, logE: logE(before) }];
  confirmations.forEach((position, i) => {
    if (position <= startedAt) return;
    const last = needed.at(-1);
    if (last?.position === position) needed.pop();
    needed.push({ position, logE: logE(i + 1) });
  });
  return needed;
}

function toTrajectory(id: string, trace: PatternTrace): PatternTrajectory {
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
    needed: neededAlong(trace),
  };
}
