import { quantile } from '../statistics/quantile.ts';

const QUINTILES = [0.2, 0.4, 0.6, 0.8] as const;

/**
 * Inner edges of quintile bins: type-7 quantiles at .2, .4, .6, .8, equal ones merged.
 *
 * Worked number: binEdges of 1 to 9 is [2.6, 4.2, 5.8, 7.4]. Cost: one sort.
 */
export function binEdges(values: readonly number[]): number[] {
  const ascending = [...values].sort((a, b) => a - b);
  return QUINTILES.map((p) => quantile(ascending, p)).filter(
    (edge, i, all) => i === 0 || edge !== all[i - 1],
  );
}
