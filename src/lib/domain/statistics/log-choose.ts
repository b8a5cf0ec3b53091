import { logFactorial } from './count-logarithms.ts';

/**
 * Logarithm of the binomial coefficient "n over k"; -Infinity outside 0 ≤ k ≤ n.
 *
 * Worked number: logChoose(5, 2) = log 10 = 2.302585092994046. Cost: three look-ups.
 */
export function logChoose(n: number, k: number): number {
  if (k < 0 || k > n) return -Infinity;
  if (k === 0 || k === n) return 0;
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}
