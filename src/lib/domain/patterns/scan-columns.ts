import { RESULTS } from '../outcomes/results.ts';
import { byteAt, float64At } from '../read-typed-array.ts';
import { CHUNK_ROWS, type Columns, META_RESULT, META_RETRACT, openChunk } from './columns.ts';

const SUCCESS = RESULTS.indexOf('success');
const NEUTRAL = RESULTS.indexOf('neutral');

export interface ScanCounts {
  readonly n: number;
  readonly successes: number;
  readonly values: { readonly count: number; readonly sum: number };
}

/**
 * Counts a conjunction by reading the encoded log up to a position: the answer where the cube has none.
 *
 * An empty conjunction counts everything. Cost: 3 to 10 ns an entry, so
 * some 5 ms a million.
 */
export function scanColumns(
  columns: Columns,
  position: number,
  slots: readonly number[],
  codes: readonly number[],
): ScanCounts {
  if (slots.length > 3) throw new RangeError('scanColumns takes at most three conditions');
  const everything = slots.length === 0;
  const code0 = codes[0] ?? 0;
  const code1 = slots.length > 1 ? (codes[1] ?? 0) : code0;
  const code2 = slots.length > 2 ? (codes[2] ?? 0) : code0;
  let n = 0;
  let successes = 0;
  let count = 0;
  let sum = 0;
  for (let start = 0; start < position; start += CHUNK_ROWS) {
    const chunk = openChunk(columns, start / CHUNK_ROWS);
    const rows = Math.min(CHUNK_ROWS, position - start);
    const column = (i: number): Uint8Array => {
      const from = (slots[i] ?? slots[0] ?? 0) * CHUNK_ROWS;
      return chunk.codes.subarray(from, from + rows);
    };
    // Conditions that are not there repeat the first one; three comparisons are cheaper than a loop.
    const [first, second, third] = [column(0), column(1), column(2)];
    for (let row = 0; row < rows; row += 1) {
      const matches = first[row] === code0 && second[row] === code1 && third[row] === code2;
      if (!matches && !everything) continue;
      const meta = byteAt(chunk.meta, row);
      const result = meta & META_RESULT;
      if (result === NEUTRAL) continue;
      const sign = meta & META_RETRACT ? -1 : 1;
      n += sign;
      if (result === SUCCESS) successes += sign;
      const value = chunk.values === null ? NaN : float64At(chunk.values, row);
      if (!Number.isNaN(value)) {
        count += sign;
        sum += sign * value;
      }
    }
  }
  return { n, successes, values: { count, sum } };
}
