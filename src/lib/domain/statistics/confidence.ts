/** E of prior odds 1 : 5, at which C is one half. */
const PRIOR_ODDS_AGAINST = 5;

/**
 * Confidence C = E/(E + 5): evidence on a scale of 0 to 1, for E⁺ (better than the rest) or E⁻ (worse).
 *
 * Starts at 1/6 and may fall. A pattern with no effect ever shows C ≥ c with probability at most
 * (1 - c)/(5c): 5 % for .8. It is the posterior probability of an effect when one pattern in six is real
 * (STATISTICS §4). Cost: one exp. Worked number: E = 20 gives 0.8.
 */
export function confidence(logE: number): number {
  return 1 / (1 + PRIOR_ODDS_AGAINST * Math.exp(-logE));
}

/** Confidence after paying for the family: C of w·E, w from online e-BH. Worked number: E = 34.38, w = .1: .4074. */
export function weightedConfidence(logE: number, weight: number): number {
  return 1 / (1 + PRIOR_ODDS_AGAINST * Math.exp(-logE - Math.log(weight)));
}

/**
 * The log E at which confidence is c, 0 < c < 1. Compare this with log E where a decision hangs on it:
 * confidence(log 20) is .8 only up to rounding. Worked number: .8 gives log 20 = 2.995732273553991.
 */
export function logEvidenceForConfidence(c: number): number {
  if (!(c > 0 && c < 1)) throw new RangeError(`logEvidenceForConfidence requires 0 < c < 1, got ${c}`);
  // The rounding makes .8 exactly log 20, not the log of 20.000000000000004.
  return Math.log(Number(((PRIOR_ODDS_AGAINST * c) / (1 - c)).toPrecision(15)));
}
