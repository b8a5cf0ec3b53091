/** Shifts of the log odds ratio that change detection bets on. */
export const CHANGE_SHIFTS = [0.35, 0.8, 1.4] as const;
/** Outcomes of the pattern at the first reference; the next come at twice as many each time. */
export const FIRST_REFERENCE_OUTCOMES = 50;

/** Change detection of many patterns as columns; an entry must be started before it is fed. */
export interface ChangeColumns {
  /** log R, 6 a pattern: down at the three shifts, then up. */
  readonly logR: Float64Array;
  /** The frozen reference, on the scale of the log odds ratio; infinite: no bound, that direction is not watched. */
  readonly referenceLow: Float64Array;
  readonly referenceHigh: Float64Array;
  /** Outcomes of the pattern (since its epoch began) at which the reference is next taken. */
  readonly nextReferenceN: Float64Array;
}

export const CHANGE_LOGS = 2 * CHANGE_SHIFTS.length;

/** Bytes that the columns of this many patterns need: 72 each. */
export function changeBytes(capacity: number): number {
  return capacity * (CHANGE_LOGS + 3) * Float64Array.BYTES_PER_ELEMENT;
}

/** Opens columns at `byteOffset`, a multiple of 8, of a buffer. Nothing is copied or cleared. */
export function openChange(buffer: ArrayBufferLike, byteOffset: number, capacity: number): ChangeColumns {
  let at = byteOffset;
  const column = (each: number) => {
    const doubles = new Float64Array(buffer, at, capacity * each);
    at += doubles.byteLength;
    return doubles;
  };
  return {
    logR: column(CHANGE_LOGS),
    referenceLow: column(1),
    referenceHigh: column(1),
    nextReferenceN: column(1),
  };
}

/** Columns in memory of their own. */
export function createChange(capacity: number): ChangeColumns {
  const columns = openChange(new ArrayBuffer(changeBytes(capacity)), 0, capacity);
  for (let index = 0; index < capacity; index += 1) startChange(columns, index);
  return columns;
}

/** Gives what watches a pattern another place. */
export function copyChange(columns: ChangeColumns, from: number, to: number): void {
  columns.logR.copyWithin(to * CHANGE_LOGS, from * CHANGE_LOGS, (from + 1) * CHANGE_LOGS);
  for (const column of [columns.referenceLow, columns.referenceHigh, columns.nextReferenceN]) {
    column.copyWithin(to, from, from + 1);
  }
}

/** Begins watching a pattern: when it is confirmed or starred, and with every epoch. */
export function startChange(columns: ChangeColumns, index: number): void {
  columns.logR.fill(-Infinity, index * CHANGE_LOGS, (index + 1) * CHANGE_LOGS);
  columns.referenceLow[index] = -Infinity;
  columns.referenceHigh[index] = Infinity;
  columns.nextReferenceN[index] = FIRST_REFERENCE_OUTCOMES;
}
