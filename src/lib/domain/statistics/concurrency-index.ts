/** Below this a pattern has, in effect, no comparable outcomes at the same time. */
export const COMPARABLE_CONCURRENCY = 0.25;

/**
 * How much of a pattern could be compared with outcomes of the same time, about 0 to 1: the comparing power
 * of its blocks over that of all its outcomes against all the rest.
 *
 * Variant (STATISTICS §3): Σ_blocks kP·kC/(kP + kC), divided by n1·n0/N. Labels only, no result enters. Null
 * where a side is empty. Cost: O(1). Worked number: three blocks of one and one, n1 = 3 of 6: 1.5/1.5 = 1.
 */
export function concurrencyIndex(blockSum: number, patternOutcomes: number, outcomes: number): number | null {
  const rest = outcomes - patternOutcomes;
  if (patternOutcomes <= 0 || rest <= 0) return null;
  return (blockSum * outcomes) / (patternOutcomes * rest);
}
