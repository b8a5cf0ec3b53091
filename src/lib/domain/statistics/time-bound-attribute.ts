/** Fewer values say nothing about switching. */
export const SWITCHING_MINIMUM_VALUES = 200;
/** An attribute whose value switches less than this share of what chance would is bound to time. */
const TIME_BOUND_SWITCH_SHARE = 0.2;

/**
 * Observed over expected switches of an attribute's value from one outcome to the next: about 1 where values
 * come in any order, near 0 where each has its own time (a month, a campaign wave).
 *
 * Variant (FINE-PRINT 23): expected (n - 1)(1 - Σ p_v²). Null below 200 values, or where only one value has
 * come. Cost: O(values). Worked number: 100 times a, then 100 times b: 1 of 99.5, .01005.
 */
export function switchShare(switches: number, countOfEachValue: ArrayLike<number>): number | null {
  let n = 0;
  for (let v = 0; v < countOfEachValue.length; v += 1) n += countOfEachValue[v] ?? 0;
  if (n < SWITCHING_MINIMUM_VALUES) return null;
  let same = 0;
  for (let v = 0; v < countOfEachValue.length; v += 1) same += ((countOfEachValue[v] ?? 0) / n) ** 2;
  const expected = (n - 1) * (1 - same);
  return expected > 0 ? switches / expected : null;
}

/** Whether an attribute with this share of switches is compared by period. */
export function isTimeBound(share: number): boolean {
  return share < TIME_BOUND_SWITCH_SHARE;
}
