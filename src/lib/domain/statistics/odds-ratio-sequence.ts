import { float64At } from '../read-typed-array.ts';
import { evidence } from './evidence.ts';
import { GRID_SIZE, LOG_ODDS_GRID } from './evidence-grid.ts';
import type { Interval } from './interval.ts';

/**
 * Confidence sequence of the log odds ratio of pattern against rest of the same time: covers the true one at
 * every look at once with probability 1 - α. An infinite end means "no bound yet".
 *
 * Variant (STATISTICS §3): dual to the two-sided test, {β : L(β) > log E² + log α}. L is concave, so chords
 * through grid points refine the crossings outwards only: the result encloses the exact sequence. Cost: one
 * evidence and a scan. Worked number: stream B: .4825798732 to 2.9268365619 (exact .4825832386 to 2.8776702613).
 */
export function logOddsRatioSequence(gridLogs: Float64Array, offset = 0, alpha = 0.05): Interval {
  if (!(alpha > 0 && alpha < 1))
    throw new RangeError(`logOddsRatioSequence requires 0 < alpha < 1, got ${alpha}`);
  const cut = evidence(gridLogs, offset).logETwoSided + Math.log(alpha);
  let peak = 0;
  for (let i = 1; i < GRID_SIZE; i += 1) {
    if (float64At(gridLogs, offset + i) > float64At(gridLogs, offset + peak)) peak = i;
  }
  return { low: crossing(gridLogs, offset, peak, cut, -1), high: crossing(gridLogs, offset, peak, cut, 1) };
}

/** The same for the odds ratio itself: 0 and Infinity where there is no bound yet. */
export function oddsRatioSequence(gridLogs: Float64Array, offset = 0, alpha = 0.05): Interval {
  const { low, high } = logOddsRatioSequence(gridLogs, offset, alpha);
  return { low: Math.exp(low), high: Math.exp(high) };
}

/** Where L falls to the cut on the way outwards from its peak, `side` 1 upwards, -1 downwards; never too near. */
function crossing(gridLogs: Float64Array, offset: number, peak: number, cut: number, side: 1 | -1): number {
  const inside = (i: number) => i >= 0 && i < GRID_SIZE;
  const log = (i: number) => float64At(gridLogs, offset + i);
  // Measured outwards, so that both sides are the upper one.
  const distance = (i: number) => side * float64At(LOG_ODDS_GRID, i);
  const slope = (inner: number, outer: number) =>
    (log(outer) - log(inner)) / (distance(outer) - distance(inner));
  let out = peak + side;
  while (inside(out) && log(out) > cut) out += side;
  if (!inside(out)) return side * Infinity;
  const near = out - side;
  let end = distance(out);
  if (inside(near - side)) {
    const k = slope(near - side, near);
    if (k < 0) end = Math.min(end, distance(near) - (log(near) - cut) / k);
  }
  if (inside(out + side)) {
    const k = slope(out, out + side);
    if (k < 0) end = Math.min(end, Math.max(distance(near), distance(out) + (cut - log(out)) / k));
  }
  return side * end;
}
