import { SLOTS } from '../attributes/codes.ts';
import type { EncodedCut } from '../attributes/encoded-batch.ts';
import { RESULTS } from '../outcomes/results.ts';
import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { admitCells } from './admit-cells.ts';
import { cellOf } from './cell-of.ts';
import {
  CHUNK_BITS,
  CHUNK_ROWS,
  type ChunkView,
  type Columns,
  META_RESULT,
  META_RETRACT,
  openChunk,
} from './columns.ts';
import { supportNeeded } from './count-row.ts';
import { type Tuple, tupleCells, tupleIndex, tuplesOf, usedSlots } from './cube-layout.ts';
import { CELL_STRIDE, HEADER, type ImageView, valuesAreExact } from './fold-image.ts';

const SUCCESS = RESULTS.indexOf('success');
const NEUTRAL = RESULTS.indexOf('neutral');

/**
 * Gives earlier rows their codes for an attribute that has just been cut, and counts them.
 *
 * The tables must hold the cut's codes. Until now the attribute was missing everywhere, so that only
 * tuples with its slot change. Cost: the rows with a value (500 by default), 121 tuples each.
 */
export function applyCut(
  view: ImageView,
  columns: Columns,
  cut: EncodedCut,
  onBirth: (index: number) => void,
): void {
  // An attribute that still waits has no tables, so that what a failed batch has left in its column does
  // not count.
  const tuples = tuplesOf(usedSlots(view.layout.capacities)).filter((tuple) => tuple.includes(cut.slot));
  let chunk = -1;
  let rows: ChunkView | null = null;
  for (let i = 0; i < cut.positions.length; i += 1) {
    const row = float64At(cut.positions, i) - 1;
    if (rows === null || row >>> CHUNK_BITS !== chunk) {
      chunk = row >>> CHUNK_BITS;
      rows = openChunk(columns, chunk);
    }
    const at = row & (CHUNK_ROWS - 1);
    rows.codes[cut.slot * CHUNK_ROWS + at] = byteAt(cut.codes, i);
    countEarlierRow(view, tuples, rows, at);
  }
  admitCells(view, supportedCells(view, tuples), cut.after, onBirth);
}

function countEarlierRow(view: ImageView, tuples: readonly Tuple[], rows: ChunkView, at: number): void {
  const meta = byteAt(rows.meta, at);
  const result = meta & META_RESULT;
  if (result === NEUTRAL) return;
  const sign = meta & META_RETRACT ? -1 : 1;
  const successes = result === SUCCESS ? sign : 0;
  const value = rows.values === null ? NaN : float64At(rows.values, at);
  const codes: number[] = [];
  for (let slot = 0; slot < SLOTS; slot += 1) {
    codes.push(byteAt(rows.codes, slot * CHUNK_ROWS + at));
  }
  for (const tuple of tuples) {
    const cell = cellOf(
      view,
      tuple,
      tuple.map((slot) => codes[slot] ?? 0),
    );
    if (cell < 0) continue;
    view.cells[cell * CELL_STRIDE] = int32At(view.cells, cell * CELL_STRIDE) + sign;
    view.cells[cell * CELL_STRIDE + 1] = int32At(view.cells, cell * CELL_STRIDE + 1) + successes;
    if (view.layout.values && !Number.isNaN(value) && valuesAreExact(view.header)) {
      view.valueSums[cell] = float64At(view.valueSums, cell) + sign * value;
      view.valueCounts[cell] = int32At(view.valueCounts, cell) + sign;
    }
  }
}

function supportedCells(
  view: ImageView,
  tuples: readonly Tuple[],
): { readonly supported: Int32Array; readonly supportedCount: number } {
  const found: number[] = [];
  for (const tuple of tuples) {
    const index = tupleIndex(tuple);
    const base = int32At(view.bases, index);
    if (base < 0) continue;
    const needed = supportNeeded(tuple.length, float64At(view.header, HEADER.n));
    const end = base + tupleCells(tuple, view.layout.capacities);
    for (let cell = base; cell < end; cell += 1) {
      if (int32At(view.cells, cell * CELL_STRIDE) < needed) continue;
      if (int32At(view.cells, cell * CELL_STRIDE + 2) === 0) found.push(index, cell);
    }
  }
  return { supported: Int32Array.from(found), supportedCount: found.length };
}
