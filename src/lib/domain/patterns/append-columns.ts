import { SLOTS } from '../attributes/codes.ts';
import type { EncodedBatch } from '../attributes/encoded-batch.ts';
import { byteAt, float64At, signedByteAt } from '../read-typed-array.ts';
import {
  CHUNK_BITS,
  CHUNK_ROWS,
  type Columns,
  META_RETRACT,
  newChunk,
  newRetracts,
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
  for (const position of batch.retracts) {
    const target = (position - 1) >>> CHUNK_BITS;
    const chunk = position > 0 ? chunks[target] : undefined;
    if (chunk !== undefined && chunk.retractedBy === null) {
      chunks[target] = { ...chunk, retractedBy: newRetracts() };
    }
  }
  const extended = { chunks };
  dropStaleRetracts(extended, firstRow, lastRow);
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
    const taken = float64At(batch.retracts, i);
    if (taken > 0) markRetracted(extended, taken, row + 1);
  }
  return extended;
}

/**
 * A batch that was never applied may have left retracts in these rows, with marks at what they took back. Where other
 * entries take their positions now, those marks must not be believed.
 */
function dropStaleRetracts(columns: Columns, firstRow: number, lastRow: number): void {
  let stale = false;
  for (let row = firstRow; row <= lastRow && !stale; row += 1) {
    const { meta } = openChunk(columns, row >>> CHUNK_BITS);
    stale = (byteAt(meta, row & (CHUNK_ROWS - 1)) & META_RETRACT) !== 0;
  }
  if (!stale) return;
  for (let chunk = 0; chunk < columns.chunks.length; chunk += 1) {
    const { retractedBy } = openChunk(columns, chunk);
    if (retractedBy === null) continue;
    for (let at = 0; at < CHUNK_ROWS; at += 1) {
      const by = float64At(retractedBy, at);
      if (by > firstRow && by <= lastRow + 1) retractedBy[at] = 0;
    }
  }
}

function markRetracted(columns: Columns, position: number, by: number): void {
  const row = position - 1;
  const { retractedBy } = openChunk(columns, row >>> CHUNK_BITS);
  if (retractedBy !== null) retractedBy[row & (CHUNK_ROWS - 1)] = by;
}
