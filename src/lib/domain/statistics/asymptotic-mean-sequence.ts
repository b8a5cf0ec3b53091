import type { Interval } from './interval.ts';

/** Values below which the approximation is not shown. */
export const ASYMPTOTIC_MINIMUM_VALUES = 30;
/** N*: the number of values at which the sequence is narrowest. */
const TUNED_VALUES = 500;

/**
 * Half-width of the asymptotic confidence sequence of a mean with standard deviation 1, after n ≥ 1 values.
 *
 * Source (STATISTICS §1, §7): GrowthBook gbstats; √(2(nρ²+1)/(n²ρ²)·log(√(nρ²+1)/α)), ρ² = (-2 log α +
 * log(1 - 2 log α))/N*. Cost: O(1). Worked number: n = 100, N* = 500: .3363887726.
 */
export function asymptoticHalfWidth(n: number, alpha = 0.05, tunedValues = TUNED_VALUES): number {
  if (!(n >= 1)) throw new RangeError(`asymptoticHalfWidth requires at least one value, got ${n}`);
  const rho2 = (-2 * Math.log(alpha) + Math.log(-2 * Math.log(alpha) + 1)) / tunedValues;
  const grown = n * rho2 + 1;
  return Math.sqrt(((2 * grown) / (n * n * rho2)) * Math.log(Math.sqrt(grown) / alpha));
}

/**
 * Approximate anytime interval of a mean of unbounded values; null below 30 values. Label it "approximate": with
 * heavy tails it may err far more often than α (47 % on revenue, STATISTICS §7), the Bernstein one does not.
 *
 * Variant: sample standard deviation from n, Σx, Σx² (denominator n - 1). Cost: O(1).
 * Worked number: n = 100, sd 1: mean ± .3363887726.
 */
export function asymptoticMeanSequence(
  n: number,
  sum: number,
  squares: number,
  alpha = 0.05,
): Interval | null {
  if (n < ASYMPTOTIC_MINIMUM_VALUES) return null;
  const mean = sum / n;
  const deviation = Math.sqrt(Math.max(0, (squares - sum * mean) / (n - 1)));
  const half = deviation * asymptoticHalfWidth(n, alpha);
  return { low: mean - half, high: mean + half };
}
