import { RESULTS } from '../outcomes/results.ts';
import { byteAt } from '../read-typed-array.ts';
import { CHUNK_ROWS, type Columns, META_RESULT, META_RETRACT, openChunk } from './columns.ts';
import type { Items } from './evidence-subject.ts';
import { holds, itemColumns } from './item-columns.ts';

const NEUTRAL = RESULTS.indexOf('neutral');

/** Outcomes up to a position that have all items of both. Cost: some 5 ms a million entries. */
export function countTogether(columns: Columns, position: number, one: Items, other: Items): number {
  let n = 0;
  for (let start = 0; start < position; start += CHUNK_ROWS) {
    const { codes, meta } = openChunk(columns, start / CHUNK_ROWS);
    const first = itemColumns(codes, one);
    const second = itemColumns(codes, other);
    const rows = Math.min(CHUNK_ROWS, position - start);
    for (let at = 0; at < rows; at += 1) {
      if (!holds(first, at) || !holds(second, at)) continue;
      const kind = byteAt(meta, at);
      if ((kind & META_RESULT) !== NEUTRAL) n += (kind & META_RETRACT) === 0 ? 1 : -1;
    }
  }
  return n;
}
