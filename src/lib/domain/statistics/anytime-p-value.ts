/**
 * The p-value of "the same odds as the rest" from two-sided evidence, min(1, 1/E²).
 *
 * From E² of now it is valid at any one time of one's choosing; from the epoch's largest E² it never rises
 * and is valid at all times at once: P(ever ≤ α) ≤ α under no effect (STATISTICS §3). Cost: one exp.
 * Worked number: E² = 17.2881547300 gives 0.0578430732.
 */
export function anytimePValue(logETwoSided: number): number {
  return logETwoSided <= 0 ? 1 : Math.exp(-logETwoSided);
}
