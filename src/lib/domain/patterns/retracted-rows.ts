import { RESULTS } from '../outcomes/results.ts';
import { byteAt, float64At } from '../read-typed-array.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, META_RESULT, META_RETRACT, openChunk } from './columns.ts';

const SUCCESS = RESULTS.indexOf('success');
const NEUTRAL = RESULTS.indexOf('neutral');

/** A success or failure that was taken back. */
export interface RetractedRow {
  /** Positions of the entry and of its retract. */
  readonly added: number;
  readonly by: number;
  /** 1 a success, 0 a failure. */
  readonly y: number;
  /** Fixed point, NaN for none. */
  readonly value: number;
}

/**
 * What was taken back after one position and up to another, in the order of the retracts. Cost: 1 ns an entry of those
 * 65,536 of which some were ever taken back.
 */
export function retractedRows(columns: Columns, after: number, through: number): RetractedRow[] {
  const found: RetractedRow[] = [];
  if (through <= after) return found;
  for (let start = 0; start < through; start += CHUNK_ROWS) {
    const { retractedBy, meta, values } = openChunk(columns, start / CHUNK_ROWS);
    if (retractedBy === null) continue;
    const end = Math.min(CHUNK_ROWS, through - start);
    for (let at = 0; at < end; at += 1) {
      const by = float64At(retractedBy, at);
      if (by <= after || by > through) continue;
      const result = byteAt(meta, at) & META_RESULT;
      if (result === NEUTRAL) continue;
      const value = values === null ? NaN : float64At(values, at);
      found.push({ added: start + at + 1, by, y: result === SUCCESS ? 1 : 0, value });
    }
  }
  return found.sort((a, b) => a.by - b.by);
}

/**
 * Positions of the retracts of successes and failures after one position and up to another, in order. Cost: 1 ns an entry
 * between.
 */
export function retractsAfter(columns: Columns, after: number, through: number): number[] {
  const found: number[] = [];
  for (let row = after; row < through;) {
    const { meta } = openChunk(columns, row >>> CHUNK_BITS);
    const start = row & ~(CHUNK_ROWS - 1);
    const end = Math.min(through, start + CHUNK_ROWS);
    for (; row < end; row += 1) {
      const kind = byteAt(meta, row - start);
      if ((kind & META_RETRACT) !== 0 && (kind & META_RESULT) !== NEUTRAL) found.push(row + 1);
    }
  }
  return found;
}
