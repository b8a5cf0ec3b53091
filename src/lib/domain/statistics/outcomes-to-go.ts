/**
 * About how many more outcomes of its own a pattern takes until its evidence reaches `logENeeded`, should evidence go
 * on growing at its average pace so far; null where it does not grow yet. 0 once it is reached.
 *
 * log E grows in proportion to the outcomes while odds ratio, base rate and mix stay the same (STATISTICS §3). No
 * guarantee, and rough: of real effects (odds ratios 1.5 to 2.8, simulated, 8,000 to 1 needed, asked once E reached 5
 * and 20) the median answer was .6 to 1.3 times what it took, the middle eight in ten between .2 and 3.4 times. Where
 * there is no effect the number is never reached. Cost: O(1).
 * Worked number: log E = 3 after 60 outcomes, 9 needed: 120.
 * @throws RangeError for counts or evidence that are not finite, or n < 0
 */
export function outcomesToGo({
  n,
  logE,
  logENeeded,
}: {
  /** Its own outcomes since its evidence began. */
  n: number;
  logE: number;
  logENeeded: number;
}): number | null {
  if (!(n >= 0) || ![n, logE, logENeeded].every(Number.isFinite)) {
    throw new RangeError('outcomesToGo requires finite evidence and at least no outcomes');
  }
  if (logE >= logENeeded) return 0;
  if (logE <= 0 || n === 0) return null;
  return Math.ceil((n * (logENeeded - logE)) / logE);
}
