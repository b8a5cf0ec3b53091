import { byteAt, float64At } from '../read-typed-array.ts';
import { cellOf } from './cell-of.ts';
import { CELL_STRIDE, HEADER, type ImageView } from './fold-image.ts';

const BORN_BY_DEPTH = [HEADER.bornSingles, HEADER.bornPairs, HEADER.bornTriples] as const;

/**
 * Makes a conjunction tracked and says at which index. The caller has made sure that there is room.
 *
 * The lowest free index is taken, so that indexes are a function of the log like everything else.
 */
export function track(
  view: ImageView,
  slots: readonly number[],
  codes: readonly number[],
  position: number,
): number {
  const { header } = view;
  const tracked = float64At(header, HEADER.tracked);
  const depth = slots.length;
  const index = firstFree(view, tracked);
  const cell = cellOf(view, slots, codes);
  const byDepth = BORN_BY_DEPTH[depth - 1];
  if (index < 0 || cell < 0 || byDepth === undefined) throw new RangeError('track requires room and a cell');
  const born = float64At(header, HEADER.born) + 1;
  const bornOfDepth = float64At(header, byDepth) + 1;
  header[HEADER.tracked] = tracked + 1;
  header[HEADER.born] = born;
  header[byDepth] = bornOfDepth;
  view.bornAt[index] = position;
  view.ordinal[index] = born;
  view.depthOrdinal[index] = bornOfDepth;
  view.cell[index] = cell;
  view.depth[index] = depth;
  for (let i = 0; i < 3; i += 1) {
    view.slots[index * 3 + i] = slots[i] ?? 0;
    view.codes[index * 3 + i] = codes[i] ?? 0;
  }
  view.cells[cell * CELL_STRIDE + 2] = index + 1;
  return index;
}

/** Frees an index; the spent birth number stays spent. `cell` is -1 when the pattern's table is gone. */
export function untrack(view: ImageView, index: number, cell: number): void {
  view.header[HEADER.tracked] = float64At(view.header, HEADER.tracked) - 1;
  view.depth[index] = 0;
  view.bornAt[index] = 0;
  view.ordinal[index] = 0;
  view.depthOrdinal[index] = 0;
  view.cell[index] = 0;
  view.slots.fill(0, index * 3, index * 3 + 3);
  view.codes.fill(0, index * 3, index * 3 + 3);
  if (cell >= 0) view.cells[cell * CELL_STRIDE + 2] = 0;
}

/** Without evictions the indexes below the count are all taken, and the next one is free. */
function firstFree(view: ImageView, tracked: number): number {
  const { trackedCap } = view.layout;
  if (tracked >= trackedCap) return -1;
  for (let index = 0; index < trackedCap; index += 1) {
    if (byteAt(view.depth, index) === 0) return index;
  }
  return -1;
}
