import { OTHER_CODE } from '../attributes/codes.ts';
import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { itemCodes } from './admit-cells.ts';
import { supportNeeded } from './count-row.ts';
import { tupleAt, tupleCells, type Tuple, tupleIndex, tuplesOf, usedSlots } from './cube-layout.ts';
import { CELL_STRIDE, HEADER, type ImageView } from './fold-image.ts';
import { track, untrack } from './track.ts';

/** How often the tracked patterns are compared with those that found no room. */
export const COMPARE_EVERY = 4_096;

/** Supported cells of one depth in birth order, as parallel lists: there may be a hundred thousand. */
interface Candidates {
  readonly tuples: number[];
  readonly cells: number[];
  readonly counts: number[];
}

/**
 * When there is no room left: keeps the best supported conjunctions, singles before pairs before triples,
 * then by support, then in birth order; the others leave and what is better is born in their place.
 *
 * Tracked patterns that have lost their support stay only as far as room is left. Looks at counts alone,
 * never at results, so it cannot bias the evidence. Cost: one pass over the cells (85k: 1 ms, and a sort
 * of the depth at which the room ends), once in 4,096 entries.
 */
export function compareTracked(
  view: ImageView,
  position: number,
  onEviction: (index: number) => void,
  onBirth: (index: number) => void,
): void {
  const { header, layout, cells } = view;
  const cap = layout.trackedCap;
  if (float64At(header, HEADER.tracked) < cap) {
    header[HEADER.leftOut] = 0;
    return;
  }
  const byDepth = [1, 2, 3].map((): Candidates => ({ tuples: [], cells: [], counts: [] }));
  for (const tuple of tuplesOf(usedSlots(layout.capacities))) {
    const candidates = byDepth[tuple.length - 1];
    if (candidates !== undefined) collectSupported(view, tuple, candidates);
  }
  const kept = new Set<number>();
  const births: { readonly tuple: number; readonly cell: number }[] = [];
  let room = cap;
  for (const candidates of byDepth) {
    const best = bestOf(candidates.counts, room);
    room -= best.length;
    for (const i of best) {
      const cell = candidates.cells[i] ?? 0;
      const tracked = int32At(cells, cell * CELL_STRIDE + 2);
      if (tracked > 0) kept.add(tracked - 1);
      else births.push({ tuple: candidates.tuples[i] ?? 0, cell });
    }
  }
  for (const index of staleByRank(view, kept).slice(0, room)) kept.add(index);
  for (let index = 0; index < cap; index += 1) {
    if (byteAt(view.depth, index) === 0 || kept.has(index)) continue;
    onEviction(index);
    untrack(view, index, int32At(view.cell, index));
  }
  for (const { tuple, cell } of births) {
    const slots = tupleAt(tuple);
    const codes = itemCodes(view, slots, cell);
    if (codes !== null) onBirth(track(view, slots, codes, position));
  }
  const supported = byDepth.reduce((sum, { counts }) => sum + counts.length, 0);
  header[HEADER.leftOut] = Math.max(0, supported - cap);
}

function collectSupported(view: ImageView, tuple: Tuple, into: Candidates): void {
  const { cells } = view;
  const { capacities } = view.layout;
  const index = tupleIndex(tuple);
  const base = int32At(view.bases, index);
  if (base < 0) return;
  const mayHoldOther = tuple.some((slot) => (capacities[slot] ?? 0) >= OTHER_CODE);
  const needed = supportNeeded(tuple.length, float64At(view.header, HEADER.n));
  const end = base + tupleCells(tuple, capacities);
  for (let cell = base; cell < end; cell += 1) {
    const n = int32At(cells, cell * CELL_STRIDE);
    if (n < needed) continue;
    const tracked = int32At(cells, cell * CELL_STRIDE + 2);
    if (tracked < 0 || (mayHoldOther && tracked === 0 && itemCodes(view, tuple, cell) === null)) continue;
    into.tuples.push(index);
    into.cells.push(cell);
    into.counts.push(n);
  }
}

/** Places of the `room` largest counts, ties in birth order, returned in birth order. */
function bestOf(counts: readonly number[], room: number): readonly number[] {
  const places = counts.map((_, i) => i);
  if (counts.length <= room) return places;
  if (room <= 0) return [];
  // Sorting plain integers finds the cutoff ten times faster than sorting the candidates themselves.
  const sorted = Int32Array.from(counts).sort();
  const cutoff = int32At(sorted, sorted.length - room);
  let ties = room - counts.reduce((above, n) => above + (n > cutoff ? 1 : 0), 0);
  return places.filter((i) => {
    const n = counts[i] ?? 0;
    if (n !== cutoff) return n > cutoff;
    ties -= 1;
    return ties >= 0;
  });
}

/** Tracked patterns that are not kept for their support, best first. */
function staleByRank(view: ImageView, kept: ReadonlySet<number>): number[] {
  const stale: {
    readonly index: number;
    readonly depth: number;
    readonly n: number;
    readonly born: number;
  }[] = [];
  for (let index = 0; index < view.layout.trackedCap; index += 1) {
    const depth = byteAt(view.depth, index);
    if (depth === 0 || kept.has(index)) continue;
    const n = int32At(view.cells, int32At(view.cell, index) * CELL_STRIDE);
    const needed = supportNeeded(depth, float64At(view.header, HEADER.n));
    if (n < needed) stale.push({ index, depth, n, born: int32At(view.ordinal, index) });
  }
  stale.sort((x, y) => x.depth - y.depth || y.n - x.n || x.born - y.born);
  return stale.map(({ index }) => index);
}
