import { type AttributeSpace } from '../attributes/attribute-space.ts';
import type { EncodedBatch } from '../attributes/encoded-batch.ts';
import { float64At } from '../read-typed-array.ts';
import {
  CHUNK_BITS,
  CHUNK_ROWS,
  type ColumnChunk,
  type Columns,
  newChunk,
  newRetracts,
  newValues,
  openChunk,
} from './columns.ts';

/** Rows of a part, the unit in which columns are kept outside of memory; a chunk has 16. */
export const PART_ROWS = 4_096;

/** Rows of the columns as bytes that depend on the log's prefix alone. Rows beyond its end are as empty ones. */
export interface ColumnPart {
  /** Slot by slot, as many as the space had. */
  readonly codes: Uint8Array;
  readonly meta: Uint8Array;
  /** Bytes of doubles; null where no row has a value. */
  readonly values: Uint8Array | null;
  /** Bytes of doubles; null where no row was taken back. */
  readonly retractedBy: Uint8Array | null;
}

/** How many parts the columns have at a position. */
export function partsAt(position: number): number {
  return Math.ceil(position / PART_ROWS);
}

/**
 * Copies a part as it was after `space.position`, whatever has been folded since: later rows, later retracts and the
 * codes of later cuts are left out. Cost: some 30 µs.
 */
export function copyPart(columns: Columns, space: AttributeSpace, part: number): ColumnPart {
  const first = part * PART_ROWS;
  const rows = Math.min(PART_ROWS, space.position - first);
  const { codes, meta, values, retractedBy } = openChunk(columns, first >>> CHUNK_BITS);
  const from = first & (CHUNK_ROWS - 1);
  const copied = new Uint8Array(space.searched.length * PART_ROWS);
  space.searched.forEach((attribute, slot) => {
    if (attribute.type === 'number' && attribute.bins === null) return;
    const start = slot * CHUNK_ROWS + from;
    copied.set(codes.subarray(start, start + rows), slot * PART_ROWS);
  });
  const metas = new Uint8Array(PART_ROWS);
  metas.set(meta.subarray(from, from + rows));
  return {
    codes: copied,
    meta: metas,
    values: values === null ? null : copyValues(values.subarray(from, from + rows)),
    retractedBy:
      retractedBy === null ? null : copyRetracts(retractedBy.subarray(from, from + rows), space.position),
  };
}

function copyValues(values: Float64Array): Uint8Array | null {
  if (values.every(Number.isNaN)) return null;
  const copied = new Float64Array(PART_ROWS).fill(NaN);
  copied.set(values);
  return new Uint8Array(copied.buffer);
}

function copyRetracts(retractedBy: Float64Array, position: number): Uint8Array | null {
  const copied = new Float64Array(PART_ROWS);
  let some = false;
  for (let at = 0; at < retractedBy.length; at += 1) {
    const by = float64At(retractedBy, at);
    if (by === 0 || by > position) continue;
    copied[at] = by;
    some = true;
  }
  return some ? new Uint8Array(copied.buffer) : null;
}

/** Columns that are put together from their parts, in any order. */
export class ColumnsFromParts {
  readonly #chunks: ColumnChunk[] = [];

  /** @throws RangeError when the part has other sizes than parts have */
  put(part: number, { codes, meta, values, retractedBy }: ColumnPart): void {
    const first = part * PART_ROWS;
    const chunk = this.#chunkFor(first >>> CHUNK_BITS, values !== null, retractedBy !== null);
    const from = first & (CHUNK_ROWS - 1);
    const slots = codes.byteLength / PART_ROWS;
    const doubles = PART_ROWS * Float64Array.BYTES_PER_ELEMENT;
    const fits = (column: Uint8Array | null) => column === null || column.byteLength === doubles;
    if (!Number.isInteger(slots) || meta.byteLength !== PART_ROWS || !fits(values) || !fits(retractedBy)) {
      throw new RangeError(`part ${part} of the columns has the wrong size`);
    }
    const target = new Uint8Array(chunk.codes);
    for (let slot = 0; slot < slots; slot += 1) {
      target.set(codes.subarray(slot * PART_ROWS, (slot + 1) * PART_ROWS), slot * CHUNK_ROWS + from);
    }
    new Uint8Array(chunk.meta).set(meta, from);
    const at = from * Float64Array.BYTES_PER_ELEMENT;
    if (values !== null && chunk.values !== null) new Uint8Array(chunk.values).set(values, at);
    if (retractedBy !== null && chunk.retractedBy !== null) {
      new Uint8Array(chunk.retractedBy).set(retractedBy, at);
    }
  }

  finish(): Columns {
    return { chunks: this.#chunks };
  }

  #chunkFor(index: number, valued: boolean, retracted: boolean): ColumnChunk {
    while (this.#chunks.length <= index) this.#chunks.push(newChunk());
    let chunk = this.#chunks[index] ?? newChunk();
    if (valued && chunk.values === null) chunk = { ...chunk, values: newValues() };
    if (retracted && chunk.retractedBy === null) chunk = { ...chunk, retractedBy: newRetracts() };
    this.#chunks[index] = chunk;
    return chunk;
  }
}

/** Parts that a batch writes to: its own rows, those it takes back, those that a cut gives codes. */
export function partsOfBatch(batch: EncodedBatch): Set<number> {
  const parts = new Set<number>();
  const add = (position: number) => parts.add(Math.floor((position - 1) / PART_ROWS));
  for (let at = 0; at < batch.count; at += PART_ROWS) add(batch.firstPosition + at);
  if (batch.count > 0) add(batch.firstPosition + batch.count - 1);
  for (const position of batch.retracts) if (position > 0) add(position);
  for (const act of batch.acts) if (act.kind === 'cut') for (const position of act.positions) add(position);
  return parts;
}
