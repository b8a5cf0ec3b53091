import type { Interval } from './interval.ts';
import { requireCounts } from './require-counts.ts';
import { STANDARD_NORMAL_95 } from './standard-normal-95.ts';

/**
 * Wilson score interval of a rate: the rates that a two-sided test at this one look would not refuse.
 *
 * Variant: two-sided 95 %, no continuity correction, ends exactly 0 or 1 when no or every trial succeeded,
 * [0, 1] without trials. Source: Wilson 1927; Newcombe 1998, Stat Med 17:857, method 3. Single look: not
 * valid under repeated looking (see rateConfidenceSequence). Cost: O(1).
 * Worked number: 81 of 263 gives 0.2552885199 to 0.3662095770.
 */
export function wilsonInterval(successes: number, trials: number, z: number = STANDARD_NORMAL_95): Interval {
  requireCounts('wilsonInterval', successes, trials);
  if (trials === 0) return { low: 0, high: 1 };
  const denominator = trials + z * z;
  const centre = (successes + (z * z) / 2) / denominator;
  const half = (z * Math.sqrt((successes * (trials - successes)) / trials + (z * z) / 4)) / denominator;
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  };
}
