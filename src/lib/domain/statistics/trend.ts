import { fisherExact } from './fisher-exact.ts';

export const TRENDS = ['up', 'down', 'stable', 'collecting'] as const;
export type Trend = (typeof TRENDS)[number];

const MINIMUM_OUTCOMES = 100;
const SIGNIFICANT = 0.01;
const NOTABLE_CHANGE = 0.15;

/**
 * The trend arrow: do the last outcomes (a ring of 50) differ from all the earlier ones?
 *
 * Variant (STATISTICS §6): up or down only if Fisher's two-sided mid-p ≤ .01 and the ratio of the rates
 * differs from 1 by at least 15 %, "collecting" below 100 outcomes. Display only; it follows the absolute
 * rate and so also reacts to a drift of everything. Under no change the arrow shows at .9 % of looks.
 * Cost: one Fisher test over a ring of 50. Worked number: 15/50 after 40/400 is "up".
 */
export function trend(counts: {
  readonly recent: { readonly n: number; readonly successes: number };
  readonly earlier: { readonly n: number; readonly successes: number };
}): Trend {
  const { recent, earlier } = counts;
  if (recent.n + earlier.n < MINIMUM_OUTCOMES) return 'collecting';
  if (recent.n === 0 || earlier.n === 0) return 'stable';
  const recentRate = recent.successes / recent.n;
  const earlierRate = earlier.successes / earlier.n;
  if (Math.abs(recentRate - earlierRate) < NOTABLE_CHANGE * earlierRate) return 'stable';
  const { midP } = fisherExact({ n1: recent.n, s1: recent.successes, n0: earlier.n, s0: earlier.successes });
  if (midP > SIGNIFICANT) return 'stable';
  return recentRate > earlierRate ? 'up' : 'down';
}
