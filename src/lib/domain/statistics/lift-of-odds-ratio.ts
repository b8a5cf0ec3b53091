/**
 * The lift (risk ratio) that an odds ratio means where the rest succeeds at rate p0: ω/(1 - p0 + p0·ω).
 *
 * For showing the always-valid odds ratio in the unit people know; label it "≈", for p0 is itself estimated.
 * An odds ratio of Infinity gives 1/p0. Cost: O(1). Worked number: ω = 4, p0 = .1 gives 3.0769230769.
 */
export function liftOfOddsRatio(oddsRatio: number, restRate: number): number {
  if (!(oddsRatio >= 0))
    throw new RangeError(`liftOfOddsRatio requires an odds ratio >= 0, got ${oddsRatio}`);
  if (!(restRate >= 0 && restRate <= 1)) {
    throw new RangeError(`liftOfOddsRatio requires 0 <= restRate <= 1, got ${restRate}`);
  }
  if (oddsRatio === Infinity) return 1 / restRate;
  if (oddsRatio === 0) return 0;
  return oddsRatio / (1 - restRate + restRate * oddsRatio);
}
