import { SLOTS } from '../attributes/codes.ts';
import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { CELL_STRIDE, type ImageView } from './fold-image.ts';

/** A threshold that no count reaches. */
export const NEVER = 0x7fffffff;

/** The items of one entry: its slots with a value, ascending, and code - 1 of each. */
export interface RowItems {
  readonly slots: Int32Array;
  readonly items: Int32Array;
  count: number;
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
  return { slots: new Int32Array(SLOTS), items: new Int32Array(SLOTS), count: 0 };
}

export function newRowFindings(): RowFindings {
  return {
    matched: new Int32Array(MOST_TUPLES),
    matchedCount: 0,
    supported: new Int32Array(MOST_TUPLES * 2),
    supportedCount: 0,
  };
}

/** Reads the items of the row whose 16 codes start at `offset`. */
export function readItems(row: RowItems, codes: Uint8Array, offset: number): void {
  let count = 0;
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const code = byteAt(codes, offset + slot);
    if (code === 0) continue;
    row.slots[count] = slot;
    row.items[count] = code - 1;
    count += 1;
  }
  row.count = count;
}

/** How many outcomes a conjunction of a depth needs to become tracked: max(10·depth, 0.005·N). */
export function supportNeeded(depth: number, n: number): number {
  return Math.max(10 * depth, Math.ceil(n / 200));
}

/**
 * Counts one outcome in the cells of all its conjunctions of one to three attributes: the hot loop.
 *
 * `n` is +1 or -1, `successes` the same or 0; `need1..3` are the supports at which an untracked cell is
 * reported (NEVER: do not). The tables must hold the row's codes. Cost: 696 cells with 16 attributes,
 * 3 to 4 µs.
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
  const { cells, bases, capacities } = view;
  const { slots, items, count } = row;
  const { matched, supported } = found;
  let matchedCount = 0;
  let supportedCount = 0;
  for (let i = 0; i < count; i += 1) {
    const a = int32At(slots, i);
    const itemA = int32At(items, i);
    const baseA = int32At(bases, a);
    if (baseA >= 0) {
      const at = (baseA + itemA) * CELL_STRIDE;
      const total = int32At(cells, at) + n;
      cells[at] = total;
      cells[at + 1] = int32At(cells, at + 1) + successes;
      const tracked = int32At(cells, at + 2);
      if (tracked > 0) {
        matched[matchedCount] = tracked - 1;
        matchedCount += 1;
      } else if (total >= need1 && tracked === 0) {
        supported[supportedCount] = a;
        supported[supportedCount + 1] = baseA + itemA;
        supportedCount += 2;
      }
    }
    for (let j = i + 1; j < count; j += 1) {
      const b = int32At(slots, j);
      const itemAB = itemA * int32At(capacities, b) + int32At(items, j);
      // pairIndex(a, b) and tripleIndex(a, b, 0) of cube-layout, spelt out for the loop.
      const pair = SLOTS + a * SLOTS + b;
      const triples = SLOTS + SLOTS * SLOTS + (a * SLOTS + b) * SLOTS;
      const baseAB = int32At(bases, pair);
      if (baseAB >= 0) {
        const at = (baseAB + itemAB) * CELL_STRIDE;
        const total = int32At(cells, at) + n;
        cells[at] = total;
        cells[at + 1] = int32At(cells, at + 1) + successes;
        const tracked = int32At(cells, at + 2);
        if (tracked > 0) {
          matched[matchedCount] = tracked - 1;
          matchedCount += 1;
        } else if (total >= need2 && tracked === 0) {
          supported[supportedCount] = pair;
          supported[supportedCount + 1] = baseAB + itemAB;
          supportedCount += 2;
        }
      }
      for (let k = j + 1; k < count; k += 1) {
        const c = int32At(slots, k);
        const baseABC = int32At(bases, triples + c);
        if (baseABC < 0) continue;
        const cell = baseABC + itemAB * int32At(capacities, c) + int32At(items, k);
        const at = cell * CELL_STRIDE;
        const total = int32At(cells, at) + n;
        cells[at] = total;
        cells[at + 1] = int32At(cells, at + 1) + successes;
        const tracked = int32At(cells, at + 2);
        if (tracked > 0) {
          matched[matchedCount] = tracked - 1;
          matchedCount += 1;
        } else if (total >= need3 && tracked === 0) {
          supported[supportedCount] = triples + c;
          supported[supportedCount + 1] = cell;
          supportedCount += 2;
        }
      }
    }
  }
  found.matchedCount = matchedCount;
  found.supportedCount = supportedCount;
}

/** Adds a value (or takes it back, `sign` -1) in the same cells; only for entries that carry one. */
export function countRowValue(view: ImageView, row: RowItems, value: number, sign: number): void {
  const { valueSums, valueCounts, bases, capacities } = view;
  const { slots, items, count } = row;
  const delta = value * sign;
  const add = (cell: number): void => {
    valueSums[cell] = float64At(valueSums, cell) + delta;
    valueCounts[cell] = int32At(valueCounts, cell) + sign;
  };
  for (let i = 0; i < count; i += 1) {
    const a = int32At(slots, i);
    const itemA = int32At(items, i);
    if (int32At(bases, a) >= 0) add(int32At(bases, a) + itemA);
    for (let j = i + 1; j < count; j += 1) {
      const b = int32At(slots, j);
      const itemAB = itemA * int32At(capacities, b) + int32At(items, j);
      const baseAB = int32At(bases, SLOTS + a * SLOTS + b);
      if (baseAB >= 0) add(baseAB + itemAB);
      const triples = SLOTS + SLOTS * SLOTS + (a * SLOTS + b) * SLOTS;
      for (let k = j + 1; k < count; k += 1) {
        const c = int32At(slots, k);
        const base = int32At(bases, triples + c);
        if (base >= 0) add(base + itemAB * int32At(capacities, c) + int32At(items, k));
      }
    }
  }
}
