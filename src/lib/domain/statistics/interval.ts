/** A closed interval on whatever scale its maker says (rates: 0 to 1, differences: -1 to 1). */
export interface Interval {
  readonly low: number;
  readonly high: number;
}
