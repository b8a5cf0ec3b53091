import { SLOTS } from '../attributes/codes.ts';
import { CELL_STRIDE, type ImageView } from './fold-image.ts';

/** A threshold that no count reaches. */
export const NEVER = 0x7fffffff;

/** The items of one entry, ascending by slot: three numbers each, slot, code - 1, capacity of the slot. */
export interface RowItems {
  readonly items: Int32Array;
  /** Three times the number of items. */
  end: number;
}

/** What a row met: tracked patterns that it matches, and untracked cells that have enough support. */
export interface RowFindings {
  readonly matched: Int32Array;
  matchedCount: number;
  /** Two numbers each: index into the table of bases, cell. */
  readonly supported: Int32Array;
  supportedCount: number;
}

const MOST_TUPLES = 696;

export function newRowItems(): RowItems {
  return { items: new Int32Array(SLOTS * 3), end: 0 };
}

export function newRowFindings(): RowFindings {
  return {
    // One more than can match: the place after the last is written, and not counted.
    matched: new Int32Array(MOST_TUPLES + 1),
    matchedCount: 0,
    supported: new Int32Array(MOST_TUPLES * 2),
    supportedCount: 0,
  };
}

/** Reads the items of the row whose 16 codes start at `offset` (all within the array). */
export function readItems(row: RowItems, codes: Uint8Array, offset: number, capacities: Int32Array): void {
  const { items } = row;
  let end = 0;
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const code = codes[offset + slot] as number;
    if (code === 0) continue;
    items[end] = slot;
    items[end + 1] = code - 1;
    items[end + 2] = capacities[slot] as number;
    end += 3;
  }
  row.end = end;
}

/** How many outcomes a conjunction of a depth needs to become tracked: max(10·depth, 0.005·N). */
export function supportNeeded(depth: number, n: number): number {
  return Math.max(10 * depth, Math.ceil(n / 200));
}

/**
 * Counts one outcome in the cells of all its conjunctions of one to three attributes: the hot loop.
 *
 * `n` is +1 or -1, `successes` the same or 0; `need1..3` are the supports at which an untracked cell is
 * reported (NEVER: do not). The tables must hold the row's codes: that is the guarantee behind every
 * `as number` here, which stand inline because a call between modules costs ten times as much under
 * transforms that keep imports live (tsx, Vite). Cost: 696 cells with 16 attributes, 3 to 5 µs.
 */
export function countRow(
  view: ImageView,
  row: RowItems,
  n: number,
  successes: number,
  need1: number,
  need2: number,
  need3: number,
  found: RowFindings,
): void {
  const { cells, bases } = view;
  const { items, end } = row;
  const { matched, supported } = found;
  let matchedCount = 0;
  let supportedCount = 0;
  for (let i = 0; i < end; i += 3) {
    const a = items[i] as number;
    const itemA = items[i + 1] as number;
    const baseA = bases[a] as number;
    if (baseA >= 0) {
      const at = Math.imul(baseA + itemA, CELL_STRIDE);
      const total = ((cells[at] as number) + n) | 0;
      cells[at] = total;
      if (successes !== 0) cells[at + 1] = ((cells[at + 1] as number) + successes) | 0;
      const tracked = cells[at + 2] as number;
      // Appends without a branch (1 for tracked > 0): which cells are tracked cannot be predicted.
      matched[matchedCount] = (tracked - 1) | 0;
      matchedCount = (matchedCount + ((0 - tracked) >>> 31)) | 0;
      if (total >= need1 && tracked === 0) {
        supported[supportedCount] = a;
        supported[supportedCount + 1] = baseA + itemA;
        supportedCount += 2;
      }
    }
    for (let j = i + 3; j < end; j += 3) {
      const b = items[j] as number;
      const itemAB = (Math.imul(itemA, items[j + 2] as number) + (items[j + 1] as number)) | 0;
      // pairIndex(a, b) and tripleIndex(a, b, 0) of cube-layout, spelt out for the loop.
      const pair = SLOTS + a * SLOTS + b;
      const triples = SLOTS + SLOTS * SLOTS + (a * SLOTS + b) * SLOTS;
      const baseAB = bases[pair] as number;
      if (baseAB >= 0) {
        const at = Math.imul(baseAB + itemAB, CELL_STRIDE);
        const total = ((cells[at] as number) + n) | 0;
        cells[at] = total;
        if (successes !== 0) cells[at + 1] = ((cells[at + 1] as number) + successes) | 0;
        const tracked = cells[at + 2] as number;
        matched[matchedCount] = (tracked - 1) | 0;
        matchedCount = (matchedCount + ((0 - tracked) >>> 31)) | 0;
        if (total >= need2 && tracked === 0) {
          supported[supportedCount] = pair;
          supported[supportedCount + 1] = baseAB + itemAB;
          supportedCount += 2;
        }
      }
      for (let k = j + 3; k < end; k += 3) {
        const triple = (triples + (items[k] as number)) | 0;
        const base = bases[triple] as number;
        if (base < 0) continue;
        const cell = (base + Math.imul(itemAB, items[k + 2] as number) + (items[k + 1] as number)) | 0;
        const at = Math.imul(cell, CELL_STRIDE);
        const total = ((cells[at] as number) + n) | 0;
        cells[at] = total;
        if (successes !== 0) cells[at + 1] = ((cells[at + 1] as number) + successes) | 0;
        const tracked = cells[at + 2] as number;
        matched[matchedCount] = (tracked - 1) | 0;
        matchedCount = (matchedCount + ((0 - tracked) >>> 31)) | 0;
        if (total >= need3 && tracked === 0) {
          supported[supportedCount] = triple;
          supported[supportedCount + 1] = cell;
          supportedCount += 2;
        }
      }
    }
  }
  found.matchedCount = matchedCount;
  found.supportedCount = supportedCount;
}

/**
 * Adds a value (or takes it back, `sign` -1) in the same cells; only for entries that carry one. Like
 * countRow. Cost: 4 to 6 µs with 16 attributes.
 */
export function countRowValue(view: ImageView, row: RowItems, value: number, sign: number): void {
  const { valueSums, valueCounts, bases } = view;
  const { items, end } = row;
  const delta = value * sign;
  for (let i = 0; i < end; i += 3) {
    const a = items[i] as number;
    const itemA = items[i + 1] as number;
    const baseA = bases[a] as number;
    if (baseA >= 0) {
      const cell = baseA + itemA;
      valueSums[cell] = (valueSums[cell] as number) + delta;
      valueCounts[cell] = (valueCounts[cell] as number) + sign;
    }
    for (let j = i + 3; j < end; j += 3) {
      const b = items[j] as number;
      const itemAB = itemA * (items[j + 2] as number) + (items[j + 1] as number);
      const baseAB = bases[SLOTS + a * SLOTS + b] as number;
      if (baseAB >= 0) {
        const cell = baseAB + itemAB;
        valueSums[cell] = (valueSums[cell] as number) + delta;
        valueCounts[cell] = (valueCounts[cell] as number) + sign;
      }
      const triples = SLOTS + SLOTS * SLOTS + (a * SLOTS + b) * SLOTS;
      for (let k = j + 3; k < end; k += 3) {
        const base = bases[triples + (items[k] as number)] as number;
        if (base < 0) continue;
        const cell = base + itemAB * (items[k + 2] as number) + (items[k + 1] as number);
        valueSums[cell] = (valueSums[cell] as number) + delta;
        valueCounts[cell] = (valueCounts[cell] as number) + sign;
      }
    }
  }
}
