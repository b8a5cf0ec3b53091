import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { itemCodes } from './admit-cells.ts';
import { supportNeeded } from './count-row.ts';
import { tupleAt, tupleCells, type Tuple, tupleIndex, tuplesOf, usedSlots } from './cube-layout.ts';
import { CELL_STRIDE, HEADER, type ImageView } from './fold-image.ts';
import { track, untrack } from './track.ts';

/** How often the tracked patterns are compared with those that found no room. */
export const COMPARE_EVERY = 4_096;

interface Candidate {
  readonly tuple: number;
  readonly cell: number;
  readonly n: number;
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
  const byDepth: [Candidate[], Candidate[], Candidate[]] = [[], [], []];
  const tuples = tuplesOf(usedSlots(layout.capacities));
  for (const tuple of tuples) collectSupported(view, tuple, byDepth[tuple.length - 1] ?? []);
  const kept = new Set<number>();
  const births: Candidate[] = [];
  let room = cap;
  for (const candidates of byDepth) {
    const best = keepBest(candidates, room);
    room -= best.length;
    for (const candidate of best) {
      const tracked = int32At(cells, candidate.cell * CELL_STRIDE + 2);
      if (tracked > 0) kept.add(tracked - 1);
      else births.push(candidate);
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
  const supported = byDepth.reduce((sum, candidates) => sum + candidates.length, 0);
  header[HEADER.leftOut] = Math.max(0, supported - cap);
}

function collectSupported(view: ImageView, tuple: Tuple, into: Candidate[]): void {
  const { cells } = view;
  const index = tupleIndex(tuple);
  const base = int32At(view.bases, index);
  if (base < 0) return;
  const needed = supportNeeded(tuple.length, float64At(view.header, HEADER.n));
  const end = base + tupleCells(tuple, view.layout.capacities);
  for (let cell = base; cell < end; cell += 1) {
    const n = int32At(cells, cell * CELL_STRIDE);
    if (n < needed) continue;
    const tracked = int32At(cells, cell * CELL_STRIDE + 2);
    if (tracked < 0 || (tracked === 0 && itemCodes(view, tuple, cell) === null)) continue;
    into.push({ tuple: index, cell, n });
  }
}

/** The `room` largest, ties in birth order, returned in birth order; no objects are sorted for it. */
function keepBest(candidates: readonly Candidate[], room: number): readonly Candidate[] {
  if (candidates.length <= room) return candidates;
  if (room <= 0) return [];
  const counts = Int32Array.from(candidates, ({ n }) => n).sort();
  const cutoff = int32At(counts, counts.length - room);
  let ties = room - candidates.reduce((above, { n }) => above + (n > cutoff ? 1 : 0), 0);
  return candidates.filter(({ n }) => {
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
