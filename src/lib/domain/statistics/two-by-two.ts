/** The 2×2 table of a comparison: s1 successes of n1 in the pattern, s0 of n0 in the rest. */
export interface TwoByTwo {
  readonly n1: number;
  readonly s1: number;
  readonly n0: number;
  readonly s0: number;
}
