import { logAddExp } from './log-add-exp.ts';

/**
 * One step of a Shiryaev-Roberts detector in logarithms: R := (R + 1)·e. It sums the evidence of a change at each
 * time so far, so it need not know when the change came; R = 0, -Infinity here, at the start.
 *
 * Source: Shin, Ramdas, Rinaldo, e-detectors; R_n - n is a supermartingale while nothing has changed. Cost: O(1).
 * Worked number: e = 1.6, .8, .8 gives R = 1.6, 2.08, 2.464.
 */
export function shiryaevRoberts(logR: number, logE: number): number {
  return logAddExp(logR, 0) + logE;
}
