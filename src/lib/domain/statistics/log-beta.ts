import { logGamma } from './log-gamma.ts';

/**
 * Logarithm of the beta function for a, b > 0.
 *
 * Worked number: logBeta(0.5, 0.5) = log π = 1.1447298858494002. Cost: three logGamma.
 */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}
