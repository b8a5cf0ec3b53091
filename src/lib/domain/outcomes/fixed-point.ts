/** Values are kept in ten-thousandths, as integers in doubles, so that subtraction is exact. */
export const FIXED_POINT_SCALE = 10_000;
export const MAX_VALUE = 1e9;
/** Above this a sum of integers in doubles is no longer exact: sums beyond it are not shown. */
export const MAX_EXACT_SUM = Number.MAX_SAFE_INTEGER;

export function isRecordableValue(value: number): boolean {
  return Number.isFinite(value) && Math.abs(value) <= MAX_VALUE;
}

/** The value in ten-thousandths, rounded half away from zero: toFixedPoint(12.34) = 123400. */
export function toFixedPoint(value: number): number {
  if (!isRecordableValue(value)) throw new RangeError(`toFixedPoint requires |value| <= 1e9, got ${value}`);
  // Adding 0 turns -0 into 0: bit for bit the same column whichever way a zero was written.
  return Math.sign(value) * Math.round(Math.abs(value) * FIXED_POINT_SCALE) + 0;
}

export function fromFixedPoint(fixed: number): number {
  return fixed / FIXED_POINT_SCALE;
}
