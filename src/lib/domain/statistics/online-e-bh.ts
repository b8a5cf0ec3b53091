import { float64At } from '../read-typed-array.ts';

/** The false discovery rate that "confirmed" keeps, over all alerts ever. */
export const FALSE_DISCOVERY_RATE = 0.05;

/** Nobody is confirmed below it, however many were before: E = 20, confidence .8. */
export const CONFIRMED_MINIMUM_LOG_E = Math.log(20);

/**
 * How many rejections there must be, with this one, for it to be one of them: need = 1/(α·γ·E).
 * Worked number: E = 4,000, γ = .005, α = .05: 1.
 */
export function rejectionsNeeded(logE: number, gamma: number, alpha = FALSE_DISCOVERY_RATE): number {
  return Math.exp(-logE) / (alpha * gamma);
}

/**
 * One step of sticky online e-BH: which of the candidates are confirmed now. The answer is their indexes in
 * order of need, ties by index; whoever is in it is confirmed for good and |R| grows by its length.
 *
 * Candidates: hypotheses not yet rejected whose own block closed at this outcome, and nobody else; each with its
 * log E and its γ. Source: STATISTICS §5 (online e-BH and e-LOND made sticky; Fischer, Xu, Ramdas): the expected
 * largest false discovery proportion over all times is at most α, whatever the overlap of patterns. The bound
 * E ≥ 20 is asked of every single candidate first, so that "confirmed" implies confidence ≥ .8 for each. The
 * two directions of a pattern are two hypotheses, each with half of its γ. Cost: a sort of those that reach 20.
 * Worked number: E = 190, 250, 20 with γ = .1 each and none before: the first two.
 */
export function rejectOnline(
  logEs: Float64Array,
  gammas: Float64Array,
  rejectedBefore: number,
  alpha = FALSE_DISCOVERY_RATE,
): number[] {
  const eligible: { readonly index: number; readonly need: number }[] = [];
  for (let index = 0; index < logEs.length; index += 1) {
    const logE = float64At(logEs, index);
    if (logE < CONFIRMED_MINIMUM_LOG_E) continue;
    eligible.push({ index, need: rejectionsNeeded(logE, float64At(gammas, index), alpha) });
  }
  eligible.sort((a, b) => a.need - b.need || a.index - b.index);
  let count = 0;
  eligible.forEach(({ need }, i) => {
    if (need <= rejectedBefore + i + 1) count = i + 1;
  });
  return eligible.slice(0, count).map(({ index }) => index);
}

/**
 * The weight w = min(1, γ(|R| + 1)) that a pattern's evidence would have at the next step: C of w·E reaches .8
 * exactly where the pattern alone would be confirmed. Scaled where α is not .05, so that this stays so.
 * Worked number: γ = .005, none before: .005.
 */
export function familyWeight(gamma: number, rejectedBefore: number, alpha = FALSE_DISCOVERY_RATE): number {
  return Math.min(1, gamma * (rejectedBefore + 1) * (alpha / FALSE_DISCOVERY_RATE));
}
