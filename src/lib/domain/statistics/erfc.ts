import { logErfc } from './log-erfc.ts';

/**
 * Complementary error function, any real x. Two-sided normal p-value of z: erfc(|z| / √2).
 *
 * Worked number: erfc(1.959963984540054 / √2) = 0.05. Cost: see logErfc.
 */
export function erfc(x: number): number {
  return x >= 0 ? Math.exp(logErfc(x)) : 2 - Math.exp(logErfc(-x));
}
