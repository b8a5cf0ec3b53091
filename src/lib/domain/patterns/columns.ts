import { SLOTS } from '../attributes/codes.ts';

/** Rows of one chunk. A power of two: row = position - 1, chunk = row >>> 16. */
export const CHUNK_ROWS = 65_536;
export const CHUNK_BITS = 16;

/** Bit of the meta byte that marks a retract; the two bits below are the index into RESULTS. */
export const META_RETRACT = 4;
export const META_RESULT = 3;

/** 65,536 log entries as columns, shared between threads. */
export interface ColumnChunk {
  /** Slot by slot: the code of a row is at slot · 65,536 + row. */
  readonly codes: SharedArrayBuffer;
  /** A byte a row: result and whether it is a retract. */
  readonly meta: SharedArrayBuffer;
  /** Fixed-point values, NaN where there is none; null as long as no row of the chunk has one. */
  readonly values: SharedArrayBuffer | null;
  /** By row the position of the retract that took the entry back, 0 for none; null while no row has one. */
  readonly retractedBy: SharedArrayBuffer | null;
}

/**
 * The encoded log in memory: 17 bytes an entry, 25 with values, so 17 to 25 MB a million.
 *
 * Append-only, except that a cut writes the codes of its slot at earlier positions, which were 0, and a retract
 * its position at the entry that it takes back. Rows
 * beyond an image's position may belong to a batch that was never applied: readers stop at the position, and
 * take a retract for made only up to there.
 */
export interface Columns {
  readonly chunks: readonly ColumnChunk[];
}

export function emptyColumns(): Columns {
  return { chunks: [] };
}

export function newChunk(): ColumnChunk {
  return {
    codes: new SharedArrayBuffer(SLOTS * CHUNK_ROWS),
    meta: new SharedArrayBuffer(CHUNK_ROWS),
    values: null,
    retractedBy: null,
  };
}

export function newValues(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(CHUNK_ROWS * Float64Array.BYTES_PER_ELEMENT);
  new Float64Array(buffer).fill(NaN);
  return buffer;
}

export function newRetracts(): SharedArrayBuffer {
  return new SharedArrayBuffer(CHUNK_ROWS * Float64Array.BYTES_PER_ELEMENT);
}

/** A chunk's columns opened for reading and writing. */
export interface ChunkView {
  readonly codes: Uint8Array;
  readonly meta: Uint8Array;
  readonly values: Float64Array | null;
  readonly retractedBy: Float64Array | null;
}

export function openChunk(columns: Columns, chunk: number): ChunkView {
  const found = columns.chunks[chunk];
  if (found === undefined) throw new RangeError(`columns have no chunk ${chunk}`);
  const opened = OPENED.get(found);
  if (opened !== undefined) return opened;
  const view = {
    codes: new Uint8Array(found.codes),
    meta: new Uint8Array(found.meta),
    values: found.values === null ? null : new Float64Array(found.values),
    retractedBy: found.retractedBy === null ? null : new Float64Array(found.retractedBy),
  };
  OPENED.set(found, view);
  return view;
}

/** Chunks are opened over and over by replays; a chunk never changes its buffers. */
const OPENED = new WeakMap<ColumnChunk, ChunkView>();
