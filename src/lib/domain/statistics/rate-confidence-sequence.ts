import type { Interval } from './interval.ts';
import { logBeta } from './log-beta.ts';
import { requireCounts } from './require-counts.ts';

/**
 * Anytime interval of one rate: covers the true rate at every look at once with 95 %, however often one
 * looks. Wider than Wilson, which holds for one look only.
 *
 * Variant: exact Beta(½, ½) mixture, {p : log marginal - log likelihood(p) < log(1/α)} (STATISTICS §2);
 * independent outcomes with one rate. [0, 1] without outcomes. Cost: two bisections of some 60 steps.
 * Worked number: 15 of 148 gives .0377326625 to .2049031031.
 */
export function rateConfidenceSequence(successes: number, trials: number, alpha = 0.05): Interval {
  requireCounts('rateConfidenceSequence', successes, trials);
  if (trials === 0) return { low: 0, high: 1 };
  const failures = trials - successes;
  const marginal = logBeta(0.5 + successes, 0.5 + failures) - logBeta(0.5, 0.5);
  const bound = Math.log(1 / alpha);
  const outside = (p: number): boolean => {
    const likelihood =
      (successes === 0 ? 0 : successes * Math.log(p)) + (failures === 0 ? 0 : failures * Math.log1p(-p));
    return marginal - likelihood >= bound;
  };
  const estimate = successes / trials;
  return {
    low: successes === 0 ? 0 : bisect(0, estimate, outside),
    high: failures === 0 ? 1 : bisect(1, estimate, outside),
  };
}

/** The place between `out` (outside) and `inside` where the condition changes. */
function bisect(out: number, inside: number, outside: (p: number) => boolean): number {
  let far = out;
  let near = inside;
  for (let step = 0; step < 200; step += 1) {
    const middle = (far + near) / 2;
    if (middle === far || middle === near) break;
    if (outside(middle)) far = middle;
    else near = middle;
  }
  return far;
}
