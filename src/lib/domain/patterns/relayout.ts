import { byteAt, int32At } from '../read-typed-array.ts';
import { cellOf, trackedItems } from './cell-of.ts';
import { planCube, type Tuple, tupleIndex, tuplesOf, usedSlots } from './cube-layout.ts';
import { CELL_STRIDE, type FoldImage, HEADER, type ImageView, imageBytes, openImage } from './fold-image.ts';
import { CARRIED_SECTIONS, patternPlaces, type SectionName, sectionRanges } from './image-layout.ts';
import { untrack } from './track.ts';

const CARRIED = new Set<SectionName>(['header', 'valueEvidence', ...CARRIED_SECTIONS]);

export interface Relayout {
  readonly image: FoldImage;
  readonly view: ImageView;
}

/**
 * The same state with larger tables: some attribute has a new code, or values have appeared.
 *
 * Happens a bounded number of times in a workspace's life (12 steps an attribute), at exactly the row that
 * needs it, so that the cutting of the log into batches cannot be seen in the result. `onEviction`: a pattern whose
 * tuple no longer fits is about to leave, as it is in `from`. Cost: one copy of all cells.
 */
export function relayout(
  fromImage: FoldImage,
  from: ImageView,
  capacities: readonly number[],
  values: boolean,
  onEviction: (index: number) => void,
): Relayout {
  const plan = planCube(capacities, from.layout.cellLimit, {
    bases: from.bases,
    capacities: from.layout.capacities,
  });
  const layout = { ...from.layout, capacities, values, cells: plan.cells };
  const image: FoldImage = { buffer: new SharedArrayBuffer(imageBytes(layout)), layout };
  const view = openImage(image);
  carry(fromImage, image);
  view.header[HEADER.tuplesOutside] = plan.outside;
  view.capacities.set(capacities);
  view.bases.set(plan.bases);
  for (const tuple of tuplesOf(usedSlots(from.layout.capacities))) copyTable(from, view, tuple);
  relocateTracked(view, onEviction);
  return { image, view };
}

/** Copies the sections that do not depend on the tables. */
function carry(from: FoldImage, to: FoldImage): void {
  const targets = new Map(sectionRanges(to.layout).map((range) => [range.name, range]));
  const target = new Uint8Array(to.buffer);
  for (const { name, start, bytes } of sectionRanges(from.layout)) {
    const place = targets.get(name);
    if (place === undefined || !CARRIED.has(name)) continue;
    target.set(new Uint8Array(from.buffer, start, bytes), place.start);
  }
}

function copyTable(from: ImageView, to: ImageView, tuple: Tuple): void {
  const oldBase = int32At(from.bases, tupleIndex(tuple));
  const newBase = int32At(to.bases, tupleIndex(tuple));
  if (oldBase < 0 || newBase < 0) return;
  // The last slot's codes are contiguous: copy run by run.
  const last = tuple[tuple.length - 1] ?? 0;
  const run = int32At(from.capacities, last);
  const newRun = int32At(to.capacities, last);
  const [first, second] = tuple.length === 3 ? tuple : tuple.length === 2 ? [undefined, tuple[0]] : [];
  const outer = first === undefined ? 1 : int32At(from.capacities, first);
  const middle = second === undefined ? 1 : int32At(from.capacities, second);
  const newMiddle = second === undefined ? 1 : int32At(to.capacities, second);
  for (let i = 0; i < outer; i += 1) {
    for (let j = 0; j < middle; j += 1) {
      const source = oldBase + (i * middle + j) * run;
      const target = newBase + (i * newMiddle + j) * newRun;
      to.cells.set(
        from.cells.subarray(source * CELL_STRIDE, (source + run) * CELL_STRIDE),
        target * CELL_STRIDE,
      );
      if (from.layout.values) {
        to.valueSums.set(from.valueSums.subarray(source, source + run), target);
        to.valueCounts.set(from.valueCounts.subarray(source, source + run), target);
      }
    }
  }
}

function relocateTracked(to: ImageView, onEviction: (index: number) => void): void {
  for (let index = 0; index < patternPlaces(to.layout); index += 1) {
    if (byteAt(to.depth, index) === 0) continue;
    const { slots, codes } = trackedItems(to, index);
    const cell = cellOf(to, slots, codes);
    if (cell >= 0) {
      to.cell[index] = cell;
    } else {
      onEviction(index);
      untrack(to, index, -1);
    }
  }
}
