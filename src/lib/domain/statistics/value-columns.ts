import { BETTING_SIZE } from './block-betting.ts';

/**
 * Evidence on values of many patterns as columns, an entry for each; all zeros is a pattern watched from the first
 * valued outcome on. Sums are of clipped values in fixed point, so they are exact.
 */
export interface ValueColumns {
  /** Log wealth, 16 a pattern. */
  readonly bets: Float64Array;
  /** The pattern's sum since its last block closed. */
  readonly openSum: Float64Array;
  /** Everybody's sum when the last block closed. */
  readonly closedAtSum: Float64Array;
  /** The pattern's valued outcomes since its last block closed. */
  readonly openCount: Int32Array;
  /** Everybody's valued outcomes when the last block closed. */
  readonly closedAtCount: Int32Array;
}

/** Bytes that the columns of this many patterns need: 152 each. */
export function valueBytes(capacity: number): number {
  return capacity * ((BETTING_SIZE + 2) * Float64Array.BYTES_PER_ELEMENT + 2 * Int32Array.BYTES_PER_ELEMENT);
}

/** Opens columns at `byteOffset`, a multiple of 8, of a buffer. Nothing is copied or cleared. */
export function openValues(buffer: ArrayBufferLike, byteOffset: number, capacity: number): ValueColumns {
  const double = Float64Array.BYTES_PER_ELEMENT;
  const sums = byteOffset + capacity * BETTING_SIZE * double;
  const counts = sums + capacity * 2 * double;
  return {
    bets: new Float64Array(buffer, byteOffset, capacity * BETTING_SIZE),
    openSum: new Float64Array(buffer, sums, capacity),
    closedAtSum: new Float64Array(buffer, sums + capacity * double, capacity),
    openCount: new Int32Array(buffer, counts, capacity),
    closedAtCount: new Int32Array(buffer, counts + capacity * Int32Array.BYTES_PER_ELEMENT, capacity),
  };
}

/** Columns in memory of their own. */
export function createValues(capacity: number): ValueColumns {
  return openValues(new ArrayBuffer(valueBytes(capacity)), 0, capacity);
}

/** Begins an epoch: `count` and `sum` are everybody's valued outcomes and clipped values up to here. */
export function startValues(columns: ValueColumns, index: number, count: number, sum: number): void {
  columns.bets.fill(0, index * BETTING_SIZE, (index + 1) * BETTING_SIZE);
  columns.openSum[index] = 0;
  columns.openCount[index] = 0;
  columns.closedAtSum[index] = sum;
  columns.closedAtCount[index] = count;
}
