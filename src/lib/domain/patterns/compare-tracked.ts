import { OTHER_CODE } from '../attributes/codes.ts';
import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { itemCodes } from './admit-cells.ts';
import { supportNeeded } from './count-row.ts';
import { tupleCells, type Tuple, tupleIndex, tuplesOf, usedSlots } from './cube-layout.ts';
import { FLAG, statusOf } from './flags.ts';
import { CELL_STRIDE, HEADER, type ImageView } from './fold-image.ts';
import { track, untrack } from './track.ts';

/** How often the tracked patterns are compared with those that found no room. */
export const COMPARE_EVERY = 4_096;

/** Log position of the last comparison as of `position`, of which the number of those left out is; 0: none yet. */
export const lastComparedAt = (position: number): number => position - (position % COMPARE_EVERY);

/**
 * When there is no room left: keeps the best supported conjunctions, singles before pairs before triples,
 * then by support, then in birth order; the others leave and what is better is born in their place.
 *
 * Tracked patterns that have lost their support stay only as far as room is left. What is held stays, wherever it
 * would rank; among the others counts alone decide, never results. Cost: two passes over the cells and a sort of their
 * counts (85k cells: some 5 ms), once in 4,096 entries.
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
  const tuples = tuplesOf(usedSlots(layout.capacities));
  const counts = new Int32Array(layout.cells);
  const kept = new Set<number>();
  const births: { readonly tuple: Tuple; readonly cell: number }[] = [];
  const isHeld = heldIn(view);
  const places = cap - countHeld(view, isHeld);
  let room = places;
  let supported = 0;
  for (const depth of [1, 2, 3]) {
    const ofDepth = tuples.filter((tuple) => tuple.length === depth);
    let count = 0;
    for (const tuple of ofDepth) {
      forSupported(view, tuple, isHeld, (_cell, n) => {
        counts[count] = n;
        count += 1;
      });
    }
    const best = cutoffOf(counts.subarray(0, count), room);
    const { cutoff } = best;
    let { ties } = best;
    supported += count;
    if (room === 0) continue;
    room -= Math.min(room, count);
    for (const tuple of ofDepth) {
      forSupported(view, tuple, isHeld, (cell, n) => {
        if (n < cutoff || (n === cutoff && ties === 0)) return;
        if (n === cutoff) ties -= 1;
        const tracked = int32At(cells, cell * CELL_STRIDE + 2);
        if (tracked > 0) kept.add(tracked - 1);
        else births.push({ tuple, cell });
      });
    }
  }
  for (const index of staleByRank(view, kept, isHeld).slice(0, room)) kept.add(index);
  for (let index = 0; index < cap; index += 1) {
    if (byteAt(view.depth, index) === 0 || kept.has(index) || isHeld(index)) continue;
    onEviction(index);
    untrack(view, index, int32At(view.cell, index));
  }
  for (const { tuple, cell } of births) {
    const codes = itemCodes(view, tuple, cell);
    if (codes !== null) onBirth(track(view, tuple, codes, position));
  }
  header[HEADER.leftOut] = Math.max(0, supported - places);
}

/** Visits the supported cells of a tuple that may be tracked, in birth order. */
function forSupported(
  view: ImageView,
  tuple: Tuple,
  isHeld: IsHeld,
  visit: (cell: number, n: number) => void,
): void {
  const { cells } = view;
  const { capacities } = view.layout;
  const base = int32At(view.bases, tupleIndex(tuple));
  if (base < 0) return;
  const mayHoldOther = tuple.some((slot) => (capacities[slot] ?? 0) >= OTHER_CODE);
  const needed = supportNeeded(tuple.length, float64At(view.header, HEADER.n));
  const end = base + tupleCells(tuple, capacities);
  for (let cell = base; cell < end; cell += 1) {
    const n = int32At(cells, cell * CELL_STRIDE);
    if (n < needed) continue;
    const tracked = int32At(cells, cell * CELL_STRIDE + 2);
    if (tracked > 0 && isHeld(tracked - 1)) continue;
    if (tracked < 0 || (mayHoldOther && tracked === 0 && itemCodes(view, tuple, cell) === null)) continue;
    visit(cell, n);
  }
}

/** The `room` largest are those above the cutoff, and the first `ties` of those at it. Sorts `counts`. */
function cutoffOf(counts: Int32Array, room: number): { cutoff: number; ties: number } {
  if (counts.length <= room) return { cutoff: 0, ties: 0 };
  if (room === 0) return { cutoff: Infinity, ties: 0 };
  counts.sort();
  const cutoff = int32At(counts, counts.length - room);
  const above = counts.length - 1 - counts.lastIndexOf(cutoff);
  return { cutoff, ties: room - above };
}

/** Tracked patterns that are neither held nor kept for their support, best first. */
function staleByRank(view: ImageView, kept: ReadonlySet<number>, isHeld: IsHeld): number[] {
  const stale: {
    readonly index: number;
    readonly depth: number;
    readonly n: number;
    readonly born: number;
  }[] = [];
  for (let index = 0; index < view.layout.trackedCap; index += 1) {
    const depth = byteAt(view.depth, index);
    if (depth === 0 || kept.has(index) || isHeld(index)) continue;
    const n = int32At(view.cells, int32At(view.cell, index) * CELL_STRIDE);
    const needed = supportNeeded(depth, float64At(view.header, HEADER.n));
    if (n < needed) stale.push({ index, depth, n, born: int32At(view.ordinal, index) });
  }
  stale.sort((x, y) => x.depth - y.depth || y.n - x.n || x.born - y.born);
  return stale.map(({ index }) => index);
}

/**
 * The tracked pattern that would leave before the one at `index`, by the order above; -1 where that one would leave
 * first, or nobody can. Equals: the younger first.
 */
export function lastBehind(view: ImageView, index: number): number {
  const isHeld = heldIn(view);
  let last = isHeld(index) ? -1 : index;
  for (let other = 0; other < view.layout.trackedCap; other += 1) {
    if (byteAt(view.depth, other) === 0 || isHeld(other)) continue;
    if (last < 0 || ranksBehind(view, other, last)) last = other;
  }
  return last === index ? -1 : last;
}

function ranksBehind(view: ImageView, one: number, other: number): boolean {
  const rank = (index: number) => {
    const depth = byteAt(view.depth, index);
    const n = int32At(view.cells, int32At(view.cell, index) * CELL_STRIDE);
    const stale = n < supportNeeded(depth, float64At(view.header, HEADER.n)) ? 1 : 0;
    return [stale, depth, -n, int32At(view.ordinal, index)] as const;
  };
  const [a, b] = [rank(one), rank(other)];
  const differing = a.findIndex((figure, i) => figure !== b[i]);
  return (a[differing] ?? 0) > (b[differing] ?? 0);
}

/** Whether the pattern at an index, which must be taken, may not be asked to leave. */
type IsHeld = (index: number) => boolean;

/**
 * What a person has pinned or retired is held, and what is emerging, confirmed or weakening, as long as there is any
 * other that could leave; then only the former, so that the door never shuts on new conditions. This looks at results,
 * but can only keep a conjunction from being born: none is born for its results.
 */
function heldIn(view: ImageView): IsHeld {
  const byPerson: IsHeld = (index) => (byteAt(view.flags, index) & (FLAG.pinned | FLAG.retired)) !== 0;
  const stands: IsHeld = (index) => byPerson(index) || statusOf(byteAt(view.flags, index)) !== 'collecting';
  return countHeld(view, stands) < view.layout.trackedCap ? stands : byPerson;
}

/** Of the places that support fills. */
function countHeld(view: ImageView, isHeld: IsHeld): number {
  let count = 0;
  for (let index = 0; index < view.layout.trackedCap; index += 1) {
    if (byteAt(view.depth, index) !== 0 && isHeld(index)) count += 1;
  }
  return count;
}
