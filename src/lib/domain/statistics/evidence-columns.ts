import { GRID_SIZE } from './evidence-grid.ts';

/**
 * Evidence of many patterns as columns over one buffer, an entry for each. All zeros is the state of a
 * pattern watched from the first outcome on. Counts are since the epoch's start, neutral outcomes in none.
 */
export interface EvidenceColumns {
  /** L_g, 61 a pattern. */
  readonly gridLogs: Float64Array;
  /**
   * Upper bounds of log E⁺ and log E⁻ as of the pattern's last block, exact from QUIET_LOG_E on: enough for every
   * rule. What is shown comes from `exactEvidence`.
   */
  readonly mostLogEPlus: Float64Array;
  readonly mostLogEMinus: Float64Array;
  /** Largest log E² of the epoch, from 0: the always-valid p is exp of its negative. */
  readonly maxLogETwoSided: Float64Array;
  /** Σ kP·kC/(kP + kC) over closed blocks. */
  readonly blockSum: Float64Array;
  /** n1, s1. */
  readonly n: Int32Array;
  readonly successes: Int32Array;
  /** oP, oS: the pattern's outcomes since its last block closed. */
  readonly openN: Int32Array;
  readonly openSuccesses: Int32Array;
  /** cN, cS: everybody's counts when the last block closed. */
  readonly closedAtN: Int32Array;
  readonly closedAtSuccesses: Int32Array;
  /** Everybody's counts when the epoch began. */
  readonly startN: Int32Array;
  readonly startSuccesses: Int32Array;
}

/** Just below log 5, confidence .5: beneath it no rule asks how small evidence is. */
export const QUIET_LOG_E = 1.6;

const DOUBLES_EACH = GRID_SIZE + 4;
const INTEGERS_EACH = 8;

/** Bytes that the columns of this many patterns need: 552 each. */
export function evidenceBytes(capacity: number): number {
  return (
    capacity * (DOUBLES_EACH * Float64Array.BYTES_PER_ELEMENT + INTEGERS_EACH * Int32Array.BYTES_PER_ELEMENT)
  );
}

/** Opens columns at `byteOffset`, a multiple of 8, of a buffer. Nothing is copied or cleared. */
export function openEvidence(buffer: ArrayBufferLike, byteOffset: number, capacity: number): EvidenceColumns {
  let at = byteOffset;
  const doubles = (each = 1) => {
    const column = new Float64Array(buffer, at, capacity * each);
    at += column.byteLength;
    return column;
  };
  const integers = () => {
    const column = new Int32Array(buffer, at, capacity);
    at += column.byteLength;
    return column;
  };
  return {
    gridLogs: doubles(GRID_SIZE),
    mostLogEPlus: doubles(),
    mostLogEMinus: doubles(),
    maxLogETwoSided: doubles(),
    blockSum: doubles(),
    n: integers(),
    successes: integers(),
    openN: integers(),
    openSuccesses: integers(),
    closedAtN: integers(),
    closedAtSuccesses: integers(),
    startN: integers(),
    startSuccesses: integers(),
  };
}

/** Columns in memory of their own: for replays beside the live ones, and for tests. */
export function createEvidence(capacity: number): EvidenceColumns {
  return openEvidence(new ArrayBuffer(evidenceBytes(capacity)), 0, capacity);
}

/**
 * Begins an epoch of a pattern: at its birth (N = S = 0 where the log is replayed from its first entry), or
 * after a change alarm. N, S: everybody's counts up to here.
 */
export function startEvidence(columns: EvidenceColumns, index: number, N: number, S: number): void {
  columns.gridLogs.fill(0, index * GRID_SIZE, (index + 1) * GRID_SIZE);
  columns.mostLogEPlus[index] = 0;
  columns.mostLogEMinus[index] = 0;
  columns.maxLogETwoSided[index] = 0;
  columns.blockSum[index] = 0;
  columns.n[index] = 0;
  columns.successes[index] = 0;
  columns.openN[index] = 0;
  columns.openSuccesses[index] = 0;
  columns.closedAtN[index] = N;
  columns.closedAtSuccesses[index] = S;
  columns.startN[index] = N;
  columns.startSuccesses[index] = S;
}

/** Copies a pattern's evidence between columns: how a finished replay becomes the live state. */
export function copyEvidence(
  from: EvidenceColumns,
  fromIndex: number,
  to: EvidenceColumns,
  toIndex: number,
): void {
  to.gridLogs.set(
    from.gridLogs.subarray(fromIndex * GRID_SIZE, (fromIndex + 1) * GRID_SIZE),
    toIndex * GRID_SIZE,
  );
  for (const column of FLAT_COLUMNS) to[column].set(from[column].subarray(fromIndex, fromIndex + 1), toIndex);
}

const FLAT_COLUMNS = [
  'mostLogEPlus',
  'mostLogEMinus',
  'maxLogETwoSided',
  'blockSum',
  'n',
  'successes',
  'openN',
  'openSuccesses',
  'closedAtN',
  'closedAtSuccesses',
  'startN',
  'startSuccesses',
] as const;
