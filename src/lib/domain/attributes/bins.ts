/** How a number attribute is cut: k ascending edges make k + 1 bins `[low, high)`, codes 1 to k + 1. */
export interface Bins {
  readonly edges: readonly number[];
  readonly labels: readonly string[] | null;
  readonly whole: boolean;
  /** Position after which the bins held; entries before it were coded afterwards. */
  readonly cutAt: number;
}
