import { trackedItems } from './cell-of.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, openChunk } from './columns.ts';
import type { Items } from './evidence-subject.ts';
import type { ImageView } from './fold-image.ts';
import { holds, itemColumns } from './item-columns.ts';
import { stands } from './standing.ts';
import { bitCount } from './word-bits.ts';

/** The last log entries that overlap is measured on. */
export const OVERLAP_WINDOW = 4_096;
/** Patterns with at least this Jaccard index are one cluster. */
export const OVERLAP_JACCARD = 0.6;

/** Recent outcomes of patterns as bits, kept while the window they are taken from stays the same. */
export class RecentMatches {
  readonly #columns: Columns;
  readonly #bits = new Map<number, Uint32Array>();
  #end = -1;

  constructor(columns: Columns) {
    this.#columns = columns;
  }

  /** A bit for each of the last 4,096 entries before `end`: whether a standing outcome there matches the pattern. */
  of(view: ImageView, index: number, end: number): Uint32Array {
    if (end !== this.#end) {
      this.#bits.clear();
      this.#end = end;
    }
    const known = this.#bits.get(index);
    if (known !== undefined) return known;
    const bits = recentMatches(this.#columns, trackedItems(view, index), end);
    this.#bits.set(index, bits);
    return bits;
  }
}

/**
 * Which leaders overlap with a stronger one: greedy in the given order, each joins the first leader before it that
 * goes the same way and shares most of its recent outcomes.
 *
 * Jaccard index |a ∩ b| / |a ∪ b| over the 4,096 entries before `end` (STATISTICS §8). Cost: some 10 µs a leader, a
 * tenth of it for each comparison.
 */
export function overlappingLeaders(
  view: ImageView,
  matches: RecentMatches,
  leaders: readonly { readonly index: number; readonly side: 1 | -1 }[],
  end: number,
): { index: number; by: number }[] {
  const found: { index: number; by: number }[] = [];
  const kept: { index: number; side: 1 | -1; bits: Uint32Array }[] = [];
  for (const { index, side } of leaders) {
    const bits = matches.of(view, index, end);
    const cluster = kept.find((one) => one.side === side && jaccard(one.bits, bits) >= OVERLAP_JACCARD);
    if (cluster === undefined) kept.push({ index, side, bits });
    else found.push({ index, by: cluster.index });
  }
  return found;
}

function recentMatches(columns: Columns, items: Items, end: number): Uint32Array {
  const bits = new Uint32Array(OVERLAP_WINDOW / 32);
  const first = Math.max(0, end - OVERLAP_WINDOW);
  for (let row = first; row < end;) {
    const chunkAt = row >>> CHUNK_BITS;
    const chunk = openChunk(columns, chunkAt);
    const own = itemColumns(chunk.codes, items);
    const until = Math.min(end, (chunkAt + 1) * CHUNK_ROWS);
    for (; row < until; row += 1) {
      const at = row & (CHUNK_ROWS - 1);
      if (!holds(own, at) || !stands(chunk, at, end)) continue;
      const bit = row - first;
      bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
    }
  }
  return bits;
}

/** |a ∩ b| / |a ∪ b|; 0 where both are empty. */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < a.length; i += 1) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    both += bitCount(x & y);
    either += bitCount(x | y);
  }
  return either === 0 ? 0 : both / either;
}
