import { OTHER_CODE } from '../attributes/codes.ts';
import { float64At, int32At } from '../read-typed-array.ts';
import { codesOfCell } from './cell-of.ts';
import { type Tuple, tupleAt, tupleIndex } from './cube-layout.ts';
import { CELL_STRIDE, HEADER, type ImageView } from './fold-image.ts';
import { track } from './track.ts';

/** Cells with enough support, as pairs of an index into the table of bases and a cell. */
export interface SupportedCells {
  readonly supported: Int32Array;
  readonly supportedCount: number;
}

/**
 * Tracks the supported cells that one entry has found, in the order of births: depth, attributes, codes.
 *
 * Cost: rare; a cell is reported until it is tracked, and that is at once unless there is no room.
 */
export function admitCells(
  view: ImageView,
  found: SupportedCells,
  position: number,
  onBirth: (index: number) => void,
): void {
  const candidates: { readonly tuple: number; readonly cell: number }[] = [];
  for (let i = 0; i < found.supportedCount; i += 2) {
    candidates.push({ tuple: int32At(found.supported, i), cell: int32At(found.supported, i + 1) });
  }
  // The index of a tuple grows with its depth, then with its slots, and cells grow with the codes.
  candidates.sort((x, y) => x.tuple - y.tuple || x.cell - y.cell);
  for (const { tuple, cell } of candidates) {
    const slots = tupleAt(tuple);
    const codes = itemCodes(view, slots, cell);
    if (codes === null) continue;
    if (float64At(view.header, HEADER.tracked) >= view.layout.trackedCap) return;
    onBirth(track(view, slots, codes, position));
  }
}

/** The codes of a cell; null, and the cell marked for ever, when "other" is among them. */
export function itemCodes(view: ImageView, slots: Tuple, cell: number): readonly number[] | null {
  const codes = codesOfCell(view, slots, cell - int32At(view.bases, tupleIndex(slots)));
  if (!codes.includes(OTHER_CODE)) return codes;
  view.cells[cell * CELL_STRIDE + 2] = -1;
  return null;
}
