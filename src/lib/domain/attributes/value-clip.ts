import { toFixedPoint } from '../outcomes/fixed-point.ts';
import { quantile } from '../statistics/quantile.ts';

/** Adds with a value and a decided result that are seen before the ends are taken from them. */
export const VALUES_BEFORE_CLIP = 500;

/** Between which ends values are compared, in the values' own unit. */
export interface ValueClip {
  readonly low: number;
  readonly high: number;
  /** By a person; else found from the first 500 values. */
  readonly declared: boolean;
}

/**
 * The ends for values of which these are the first: from 0, or the smallest where some are negative, to the
 * type-7 quantile at .99; one unit above the low end where nothing lies between them in fixed point.
 *
 * Worked number: of 1 to 500 the ends are 0 and 495.01.
 */
export function clipFrom(values: readonly number[]): { readonly low: number; readonly high: number } {
  const ascending = [...values].sort((a, b) => a - b);
  // Adding 0 turns -0 into 0, which is what JSON makes of it.
  const low = Math.min(0, ascending[0] ?? 0) + 0;
  const high = quantile(ascending, 0.99);
  return { low, high: toFixedPoint(high) > toFixedPoint(low) ? high : low + 1 };
}

/** @throws RangeError when the ends are not recordable values with something between them in fixed point */
export function requireClip(low: number, high: number): void {
  if (!(toFixedPoint(high) > toFixedPoint(low))) {
    throw new RangeError(`values.clip requires low < high, got ${low} and ${high}`);
  }
}
