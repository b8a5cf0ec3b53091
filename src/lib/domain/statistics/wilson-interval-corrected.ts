import type { Interval } from './interval.ts';
import { requireCounts } from './require-counts.ts';
import { STANDARD_NORMAL_95 } from './standard-normal-95.ts';

/**
 * Wilson score interval with continuity correction: wider, for those who ask for conservative figures.
 *
 * Variant: two-sided 95 %, Newcombe 1998, Stat Med 17:857, method 4. Single look. Cost: O(1).
 * Worked number: 81 of 263 gives 0.2535086823 to 0.3681762010.
 */
export function wilsonIntervalCorrected(
  successes: number,
  trials: number,
  z: number = STANDARD_NORMAL_95,
): Interval {
  requireCounts('wilsonIntervalCorrected', successes, trials);
  if (trials === 0) return { low: 0, high: 1 };
  const p = successes / trials;
  const q = 1 - p;
  const square = z * z;
  const denominator = 2 * (trials + square);
  const low =
    (2 * successes + square - 1 - z * Math.sqrt(square - 2 - 1 / trials + 4 * p * (trials * q + 1))) /
    denominator;
  const high =
    (2 * successes + square + 1 + z * Math.sqrt(square + 2 - 1 / trials + 4 * p * (trials * q - 1))) /
    denominator;
  return {
    low: successes === 0 ? 0 : Math.max(0, low),
    high: successes === trials ? 1 : Math.min(1, high),
  };
}
