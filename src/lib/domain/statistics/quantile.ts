/**
 * A quantile of sorted numbers, type 7 of Hyndman and Fan (1996): linear between the order statistics at
 * (n - 1)·p, the default of R, NumPy and spreadsheets.
 *
 * Worked number: quantile([1, 2, 3, 4], 0.2) = 1.6. Cost: O(1); the input must be ascending.
 */
export function quantile(ascending: readonly number[], p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile requires 0 <= p <= 1, got ${p}`);
  const position = (ascending.length - 1) * p;
  const below = Math.floor(position);
  const low = ascending[below];
  if (low === undefined) throw new RangeError('quantile requires at least one number');
  const high = ascending[below + 1] ?? low;
  return low + (position - below) * (high - low);
}
