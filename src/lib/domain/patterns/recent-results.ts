import { RESULTS } from '../outcomes/results.ts';
import { byteAt, int32At } from '../read-typed-array.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, META_RESULT, openChunk } from './columns.ts';
import type { Items } from './evidence-subject.ts';
import { holds, itemColumns } from './item-columns.ts';
import { stands } from './standing.ts';

const SUCCESS = RESULTS.indexOf('success');

/** W: how many of a pattern's last outcomes make its trend. */
export const RECENT_OUTCOMES = 50;
const HIGH_BITS = RECENT_OUTCOMES - 32;

/** The last 50 results of each pattern as bits, the newest lowest. */
export interface RecentResults {
  readonly recentLow: Int32Array;
  readonly recentHigh: Int32Array;
  readonly recentCount: Uint8Array;
}

export function pushRecent(
  { recentLow, recentHigh, recentCount }: RecentResults,
  index: number,
  y: number,
): void {
  const low = int32At(recentLow, index);
  recentHigh[index] = ((int32At(recentHigh, index) << 1) | (low >>> 31)) & ((1 << HIGH_BITS) - 1);
  recentLow[index] = (low << 1) | y;
  const count = byteAt(recentCount, index);
  if (count < RECENT_OUTCOMES) recentCount[index] = count + 1;
}

/** The last results of a pattern, oldest first: 1 a success, 0 a failure. */
export function recentResults({ recentLow, recentHigh, recentCount }: RecentResults, index: number): string {
  let results = '';
  for (let age = byteAt(recentCount, index) - 1; age >= 0; age -= 1) {
    const word = age < 32 ? int32At(recentLow, index) : int32At(recentHigh, index);
    results += (word >>> (age & 31)) & 1;
  }
  return results;
}

export function clearRecent({ recentLow, recentHigh, recentCount }: RecentResults, index: number): void {
  recentLow[index] = 0;
  recentHigh[index] = 0;
  recentCount[index] = 0;
}

/**
 * Reads the last 50 results of a conjunction from the log up to `through`, without what was retracted up to `asOf`:
 * where they reach further back than the evidence that is fed or replayed. Cost: 1 to 2 ns an entry read.
 */
export function readRecent(
  recent: RecentResults,
  index: number,
  columns: Columns,
  items: Items,
  through: number,
  asOf: number,
): void {
  let low = 0;
  let high = 0;
  let count = 0;
  for (let end = through; end > 0 && count < RECENT_OUTCOMES;) {
    const chunkAt = (end - 1) >>> CHUNK_BITS;
    const chunk = openChunk(columns, chunkAt);
    const own = itemColumns(chunk.codes, items);
    const first = chunkAt * CHUNK_ROWS;
    for (let at = end - first - 1; at >= 0 && count < RECENT_OUTCOMES; at -= 1) {
      if (!holds(own, at) || !stands(chunk, at, asOf)) continue;
      const y = (byteAt(chunk.meta, at) & META_RESULT) === SUCCESS ? 1 : 0;
      if (count < 32) low |= y << count;
      else high |= y << (count - 32);
      count += 1;
    }
    end = first;
  }
  recent.recentLow[index] = low;
  recent.recentHigh[index] = high;
  recent.recentCount[index] = count;
}

export function recentOf(
  { recentLow, recentHigh, recentCount }: RecentResults,
  index: number,
): { readonly n: number; readonly successes: number } {
  return {
    n: byteAt(recentCount, index),
    successes: bitCount(int32At(recentLow, index)) + bitCount(int32At(recentHigh, index)),
  };
}

export function bitCount(bits: number): number {
  let pairs = (bits - ((bits >>> 1) & 0x55555555)) | 0;
  pairs = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((pairs + (pairs >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
