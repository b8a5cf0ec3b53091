import { byteAt, int32At } from '../read-typed-array.ts';
import { PART_ROWS } from './column-parts.ts';
import type { Items } from './evidence-subject.ts';
import type { StandingRows } from './standing-rows.ts';
import { bitCount, within } from './word-bits.ts';

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
 * Reads the last 50 results of a conjunction up to `through`, of all that stand: where they reach further back than the
 * evidence that is fed or replayed. Cost: .1 ns an entry read, once the bits are made.
 */
export function readRecent(
  recent: RecentResults,
  index: number,
  rows: StandingRows,
  { slots, codes }: Items,
  through: number,
): void {
  let low = 0;
  let high = 0;
  let count = 0;
  for (let part = Math.ceil(through / PART_ROWS) - 1; part >= 0 && count < RECENT_OUTCOMES; part -= 1) {
    const { words, wins } = rows.standing(part);
    const items = slots.map((slot, i) => rows.item(slot, codes[i] ?? 0, part));
    if (items.some((one) => one.count === 0)) continue;
    const [own0 = words, own1 = words, own2 = words] = items.map((one) => one.words);
    const end = Math.min(PART_ROWS, through - part * PART_ROWS);
    for (let at = (end - 1) >>> 5; at >= 0 && count < RECENT_OUTCOMES; at -= 1) {
      let own = int32At(words, at) & int32At(own0, at) & int32At(own1, at) & int32At(own2, at);
      own &= within(at << 5, 0, end);
      for (; own !== 0 && count < RECENT_OUTCOMES; count += 1) {
        const top = 31 - Math.clz32(own);
        const y = (int32At(wins, at) >>> top) & 1;
        if (count < 32) low |= y << count;
        else high |= y << (count - 32);
        own &= (1 << top) - 1;
      }
    }
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
