/** Of the whole budget of 1, by number of conditions. */
export const DEPTH_SHARES = [0.4, 0.35, 0.25] as const;
const FIRST_BIRTHS = [64, 256, 1024] as const;
const FIRST_SHARE = 0.8;

/**
 * γ: the share of the error budget that a pattern gets at its birth and never gives back, by its number of
 * conditions (1 to 3) and the number of its birth among those with as many, from 1.
 *
 * Variant (STATISTICS §5): budgets .40, .35, .25; within one, the first 64, 256, 1,024 births share 80 %
 * equally, and octave j ≥ 1 (as many births as all before it) shares 20 %·(6/π²)/j² equally. All γ ever given
 * sum to at most 1. Cost: O(log birth). Worked number: errorBudget(1, 1) = .005, first threshold E ≥ 4,000;
 * E⁺ ≥ 8,000 where each side has half (FINE-PRINT 20).
 */
export function errorBudget(depth: number, depthOrdinal: number): number {
  const share = DEPTH_SHARES[depth - 1];
  const first = FIRST_BIRTHS[depth - 1];
  if (share === undefined || first === undefined) {
    throw new RangeError(`errorBudget requires 1 to ${DEPTH_SHARES.length} conditions, got ${depth}`);
  }
  if (!Number.isSafeInteger(depthOrdinal) || depthOrdinal < 1) {
    throw new RangeError(`errorBudget requires a birth number from 1, got ${depthOrdinal}`);
  }
  if (depthOrdinal <= first) return (share * FIRST_SHARE) / first;
  let octave = 1;
  let births = first;
  while (depthOrdinal > births * 2) {
    births *= 2;
    octave += 1;
  }
  return (share * (1 - FIRST_SHARE) * 6) / (Math.PI * octave) ** 2 / births;
}

/** What the first births of a depth have been given together. Cost: O(births). Worked number: (1, 64): .32. */
export function budgetGiven(depth: number, births: number): number {
  let sum = 0;
  for (let birth = 1; birth <= births; birth += 1) sum += errorBudget(depth, birth);
  return sum;
}
