import { SLOTS } from '../attributes/codes.ts';
import type { EncodedBatch } from '../attributes/encoded-batch.ts';
import { byteAt, float64At, signedByteAt } from '../read-typed-array.ts';
import {
  CHUNK_BITS,
  CHUNK_ROWS,
  type Columns,
  META_RETRACT,
  newChunk,
  newValues,
  openChunk,
} from './columns.ts';

/**
 * Writes a batch's rows at their positions; chunks are added as needed, existing ones are shared.
 *
 * Writing a batch again after it failed gives the same bytes. Cuts are written by applyCut, in their turn.
 * Cost: 17 bytes a row.
 */
export function appendColumns(columns: Columns, batch: EncodedBatch): Columns {
  if (batch.count === 0) return columns;
  const firstRow = batch.firstPosition - 1;
  const lastRow = firstRow + batch.count - 1;
  const chunks = [...columns.chunks];
  while (chunks.length <= lastRow >>> CHUNK_BITS) chunks.push(newChunk());
  if (batch.hasValues) {
    for (let i = firstRow >>> CHUNK_BITS; i <= lastRow >>> CHUNK_BITS; i += 1) {
      const chunk = chunks[i];
      if (chunk !== undefined && chunk.values === null) chunks[i] = { ...chunk, values: newValues() };
    }
  }
  const extended = { chunks };
  let chunk = -1;
  let view = openChunk(extended, firstRow >>> CHUNK_BITS);
  for (let i = 0; i < batch.count; i += 1) {
    const row = firstRow + i;
    if (row >>> CHUNK_BITS !== chunk) {
      chunk = row >>> CHUNK_BITS;
      view = openChunk(extended, chunk);
    }
    const at = row & (CHUNK_ROWS - 1);
    view.meta[at] = byteAt(batch.results, i) | (signedByteAt(batch.signs, i) < 0 ? META_RETRACT : 0);
    for (let slot = 0; slot < SLOTS; slot += 1) {
      view.codes[slot * CHUNK_ROWS + at] = byteAt(batch.codes, i * SLOTS + slot);
    }
    if (view.values !== null) view.values[at] = float64At(batch.values, i);
  }
  return extended;
}
