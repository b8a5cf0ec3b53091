import type { PatternWhy } from '#lib/contracts/pattern-insight.ts';
import { rateFigures } from '#lib/domain/patterns/evaluate.ts';
import { confidence } from '#lib/domain/statistics/confidence.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import { notFound } from '../../errors.ts';
import type { PatternTrace } from '../../recalculation/pattern-insight.ts';
import { getPattern } from './read-patterns.ts';

const THEN_OUTCOMES = 1_000;
const THEN_DAYS = 30;

/**
 * All that explains a pattern: its conditions, what it was, the outcomes that moved it, the patterns around it, and
 * what its confirmation costs.
 * @throws AppError FORBIDDEN, NOT_FOUND, UNAVAILABLE
 */
export async function patternWhy(ctx: Context, id: string): Promise<PatternWhy> {
  const why = await findWhy(ctx, id);
  if (why === null) throw notFound('pattern');
  return why;
}

/**
 * The same; of one that has left its place, which nothing explains any more, the counts alone.
 * @throws AppError FORBIDDEN, NOT_FOUND, UNAVAILABLE
 */
export async function patternOrFormer(
  ctx: Context,
  id: string,
): Promise<{ asOf: number; pattern: PatternView; why: PatternWhy | null }> {
  const why = await findWhy(ctx, id);
  if (why !== null) return { asOf: why.asOf, pattern: why.pattern, why };
  const { asOf, item } = await getPattern(ctx, id);
  return { asOf, pattern: item, why: null };
}

async function findWhy(ctx: Context, id: string): Promise<PatternWhy | null> {
  requirePermission(ctx, 'read');
  const { insight, asOf } = await ctx.app.folds.of(ctx.workspace.id);
  const before = await positionThen(ctx, asOf);
  // Both from the memory of this moment: nothing is awaited between them.
  const found = insight.explain(id);
  const tracing = insight.trace(id, before?.position ?? null);
  const trace = await tracing;
  if (found === null || trace === null) return null;
  const { pattern, explanation } = found;
  return {
    asOf: found.asOf,
    pattern,
    ...explanation,
    then: before === null ? null : thenOf(trace, before),
    movers: await moversOf(ctx, trace, explanation.side),
  };
}

interface Before {
  position: number;
  at: Date | null;
}

/**
 * Thirty days or 1,000 outcomes ago, whichever is nearer, the latter where nothing came for thirty days; null where
 * the log is not that old.
 */
async function positionThen(ctx: Context, asOf: number): Promise<Before | null> {
  const workspaceId = ctx.workspace.id;
  const since = new Date(ctx.now() - THEN_DAYS * 86_400_000);
  const byCount = asOf - THEN_OUTCOMES;
  // Recorded times hardly go back along the log, so the first younger entry is where the month begins.
  const [row] = await ctx.app.db.sql<{ position: number | null }[]>`
    select min(position) - 1 as position from (
      select position from log_entries
      where workspace_id = ${workspaceId} and position > ${Math.max(0, byCount)} and recorded_at >= ${since}
      order by position limit 1
    ) as first`;
  const position = Math.max(byCount, row?.position ?? byCount);
  if (position <= 0) return null;
  const [entry] = await ctx.app.db.sql<{ at: Date }[]>`
    select recorded_at as at from log_entries where workspace_id = ${workspaceId} and position = ${position}`;
  return { position, at: entry?.at ?? null };
}

function thenOf({ marked, points }: PatternTrace, { position, at }: Before): PatternWhy['then'] {
  if (marked === null) return null;
  const { own, all } = marked;
  const point = points.find((one) => one.position === position);
  return {
    position,
    at: at?.toISOString() ?? null,
    ...rateFigures(own.n, own.successes),
    rest: rateFigures(all.n - own.n, all.successes - own.successes),
    confidence: point === undefined ? null : confidence(point.logEPlus),
    confidenceWorse: point === undefined ? null : confidence(point.logEMinus),
  };
}

async function moversOf(
  ctx: Context,
  { moves }: PatternTrace,
  side: PatternWhy['side'],
): Promise<PatternWhy['movers']> {
  const positions = moves.map(({ position }) => position);
  const rows = await ctx.app.db.sql<
    { position: number; outcomeId: string; subject: string; variant: string | null }[]
  >`
    select e.position, o.id as "outcomeId", o.subject, o.variant
    from log_entries as e join outcomes as o on o.id = e.outcome_id
    where e.workspace_id = ${ctx.workspace.id} and e.position = any(${positions}::bigint[])`;
  const known = new Map(rows.map((row) => [row.position, row]));
  return moves
    .map(({ position, success, logEPlus, logEMinus, changePlus, changeMinus }) => {
      const outcome = known.get(position);
      return {
        position,
        outcomeId: outcome?.outcomeId ?? null,
        subject: outcome?.subject ?? null,
        variant: outcome?.variant ?? null,
        result: success ? ('success' as const) : ('failure' as const),
        logEChange: side === 'better' ? changePlus : changeMinus,
        logE: side === 'better' ? logEPlus : logEMinus,
      };
    })
    .reverse();
}
