import { logGamma } from './log-gamma.ts';

/**
 * Logarithm of the binomial coefficient "n over k"; -Infinity outside 0 ≤ k ≤ n.
 *
 * Worked number: logChoose(5, 2) = log 10 = 2.302585092994046. Cost: three logGamma.
 */
export function logChoose(n: number, k: number): number {
  if (k < 0 || k > n) return -Infinity;
  if (k === 0 || k === n) return 0;
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}
