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
 * An empty conjunction counts everything. Cost: about 2 ns an entry and condition, so 5 ms a million.
 */
export function scanColumns(
  columns: Columns,
  position: number,
  slots: readonly number[],
  codes: readonly number[],
): ScanCounts {
  let n = 0;
  let successes = 0;
  let count = 0;
  let sum = 0;
  for (let start = 0; start < position; start += CHUNK_ROWS) {
    const chunk = openChunk(columns, start / CHUNK_ROWS);
    const rows = Math.min(CHUNK_ROWS, position - start);
    const wanted = slots.map((slot, i) => ({
      column: chunk.codes.subarray(slot * CHUNK_ROWS, slot * CHUNK_ROWS + rows),
      code: codes[i] ?? 0,
    }));
    for (let row = 0; row < rows; row += 1) {
      let matches = true;
      for (const { column, code } of wanted) {
        if (byteAt(column, row) !== code) {
          matches = false;
          break;
        }
      }
      if (!matches) continue;
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
