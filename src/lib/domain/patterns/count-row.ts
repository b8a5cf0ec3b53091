import { SLOTS } from '../attributes/codes.ts';
import { pairIndex, tripleIndex } from './cube-layout.ts';
import { CELL_STRIDE, type ImageView } from './fold-image.ts';

const MOST_TUPLES = 696;
/** In `places` of a row: its cells, the tracked patterns that it matches, its items. One cell more is written. */
const MATCHED = MOST_TUPLES + 1;
const ITEMS = 2 * MATCHED;
/** The loop takes four triples at once: three empty items follow the last. */
const EMPTY_ITEMS = 3;

/**
 * One entry while it is counted: the cells of its conjunctions, and what they say.
 *
 * All in one array, and several steps in each turn of a loop, because every turn looks anew at each array that it
 * touches (where it lies, how long it is), and that is most of the cost. Constants of a module are looked up too, once
 * it is bundled: so numbers stand in the loops themselves. An item is slot + 16 · capacity of the slot + 4096 · (code - 1).
 */
export interface Row {
  readonly places: Int32Array;
  /** Cells of the conjunctions of one to three attributes that have a table: singles, each followed by its pairs, each
   * followed by its triples. */
  cellCount: number;
  /** Indexes of the tracked patterns that the row matches, in the order of the cells. */
  readonly matched: Int32Array;
  matchedCount: number;
  /** Untracked cells that have enough support, two numbers each: index into the table of bases, cell. */
  readonly supported: Int32Array;
  supportedCount: number;
  itemsEnd: number;
}

export type RowFindings = Pick<Row, 'matched' | 'matchedCount' | 'supported' | 'supportedCount'>;

export function newRow(): Row {
  const places = new Int32Array(ITEMS + SLOTS + EMPTY_ITEMS);
  return {
    places,
    cellCount: 0,
    matched: places.subarray(MATCHED, ITEMS),
    matchedCount: 0,
    supported: new Int32Array(MOST_TUPLES * 2),
    supportedCount: 0,
    itemsEnd: ITEMS,
  };
}

/** How many outcomes a conjunction of a depth needs to become tracked: max(10·depth, 0.005·N). */
export function supportNeeded(depth: number, n: number): number {
  return Math.max(10 * depth, Math.ceil(n / 200));
}

/**
 * Finds the cells of the row whose 16 codes start at `offset` (all within the array).
 *
 * The tables must hold the row's codes: that is the guarantee behind every `as number` here, which stand inline because
 * a call between modules costs ten times as much under transforms that keep imports live (tsx, Vite). Finding and
 * counting in one loop takes longer: there are not enough registers. Cost: 696 cells with 16 attributes, 2 µs.
 */
export function findCells(
  { bases, capacities }: ImageView,
  row: Row,
  codes: Uint8Array,
  offset: number,
): void {
  const { places } = row;
  const end = readItems(places, codes, offset, capacities);
  let count = 0;
  const slots = SLOTS;
  for (let i = ITEMS; i < end; i += 1) {
    const a = places[i] as number;
    const slotA = a & 15;
    const itemA = a >> 12;
    const baseA = bases[slotA] as number;
    places[count] = (baseA + itemA) | 0;
    count = (count + 1 + (baseA >> 31)) | 0;
    for (let j = i + 1; j < end; j += 1) {
      const b = places[j] as number;
      // pairIndex(a, b) and tripleIndex(a, b, 0) of cube-layout, spelt out for the loop.
      const ab = (slotA * slots + (b & 15)) | 0;
      const itemAB = (Math.imul(itemA, (b >> 4) & 255) + (b >> 12)) | 0;
      const baseAB = bases[slots + ab] as number;
      places[count] = (baseAB + itemAB) | 0;
      count = (count + 1 + (baseAB >> 31)) | 0;
      const triples = (slots + slots * slots + ab * slots) | 0;
      for (let k = j + 1; k < end; k += 4) {
        count = findTriple(bases, places, triples, itemAB, places[k] as number, count);
        count = findTriple(bases, places, triples, itemAB, places[k + 1] as number, count);
        count = findTriple(bases, places, triples, itemAB, places[k + 2] as number, count);
        count = findTriple(bases, places, triples, itemAB, places[k + 3] as number, count);
      }
    }
  }
  row.cellCount = count;
  row.itemsEnd = end;
}

/** Appends without a branch: what has no table, base -1, is written over by the next. */
function findTriple(
  bases: Int32Array,
  places: Int32Array,
  triples: number,
  itemAB: number,
  c: number,
  count: number,
): number {
  const base = bases[(triples + (c & 15)) | 0] as number;
  places[count] = (base + Math.imul(itemAB, (c >> 4) & 255) + (c >> 12)) | 0;
  return (count + 1 + (base >> 31)) | 0;
}

/** Reads the items of a row, ascending by slot, and says where they end. */
function readItems(places: Int32Array, codes: Uint8Array, offset: number, capacities: Int32Array): number {
  let end = ITEMS;
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const code = codes[offset + slot] as number;
    if (code === 0) continue;
    places[end] = slot + 16 * (capacities[slot] as number) + 4_096 * (code - 1);
    end += 1;
  }
  // Slot 0 is the third of no triple, so these have no table.
  for (let i = end; i < end + EMPTY_ITEMS; i += 1) places[i] = 0;
  return end;
}

/**
 * Counts one outcome in the cells of a row and says which tracked patterns it matches: the hot loop. `n` is +1 or -1,
 * `successes` the same or 0. Cost: 696 cells with 16 attributes, 2 µs.
 */
export function countRow({ cells }: ImageView, row: Row, n: number, successes: number): void {
  const { places, cellCount } = row;
  let end = MATCHED;
  let i = 0;
  for (; i < cellCount - 3; i += 4) {
    end = countCell(cells, places, i, n, end);
    end = countCell(cells, places, i + 1, n, end);
    end = countCell(cells, places, i + 2, n, end);
    end = countCell(cells, places, i + 3, n, end);
  }
  for (; i < cellCount; i += 1) end = countCell(cells, places, i, n, end);
  row.matchedCount = end - MATCHED;
  if (successes === 0) return;
  for (i = 0; i < cellCount - 3; i += 4) {
    countSuccess(cells, places, i, successes);
    countSuccess(cells, places, i + 1, successes);
    countSuccess(cells, places, i + 2, successes);
    countSuccess(cells, places, i + 3, successes);
  }
  for (; i < cellCount; i += 1) countSuccess(cells, places, i, successes);
}

/** Appends without a branch (1 for tracked > 0): which cells are tracked cannot be predicted. */
function countCell(cells: Int32Array, places: Int32Array, i: number, n: number, end: number): number {
  const at = Math.imul(places[i] as number, 3 satisfies typeof CELL_STRIDE);
  cells[at] = ((cells[at] as number) + n) | 0;
  const tracked = cells[at + 2] as number;
  places[end] = (tracked - 1) | 0;
  return (end + ((0 - tracked) >>> 31)) | 0;
}

function countSuccess(cells: Int32Array, places: Int32Array, i: number, successes: number): void {
  const at = (Math.imul(places[i] as number, 3 satisfies typeof CELL_STRIDE) + 1) | 0;
  cells[at] = ((cells[at] as number) + successes) | 0;
}

/** Finds the cells of a counted row that are not tracked and have the support that they need at `n` outcomes. */
export function findSupported({ cells, bases }: ImageView, row: Row, n: number): void {
  const { places, itemsEnd: end, supported } = row;
  const needs = [supportNeeded(1, n), supportNeeded(2, n), supportNeeded(3, n)] as const;
  let count = 0;
  let cell = 0;
  const look = (tuple: number, need: number): void => {
    if ((bases[tuple] as number) < 0) return;
    const at = Math.imul(places[cell] as number, CELL_STRIDE);
    if ((cells[at] as number) >= need && cells[at + 2] === 0) {
      supported[count] = tuple;
      supported[count + 1] = places[cell] as number;
      count += 2;
    }
    cell += 1;
  };
  for (let i = ITEMS; i < end; i += 1) {
    const a = (places[i] as number) & 15;
    look(a, needs[0]);
    for (let j = i + 1; j < end; j += 1) {
      const b = (places[j] as number) & 15;
      look(pairIndex(a, b), needs[1]);
      for (let k = j + 1; k < end; k += 1) look(tripleIndex(a, b, (places[k] as number) & 15), needs[2]);
    }
  }
  row.supportedCount = count;
}

/**
 * Adds a value (or takes it back, `sign` -1) in the cells of a row; only for entries that carry one. Like countRow.
 * Cost: 2 µs with 16 attributes.
 */
export function countRowValue(
  { valueSums, valueCounts }: ImageView,
  row: Row,
  value: number,
  sign: number,
): void {
  const { places, cellCount } = row;
  const delta = value * sign;
  let i = 0;
  for (; i < cellCount - 3; i += 4) {
    countCellValue(valueSums, valueCounts, places[i] as number, delta, sign);
    countCellValue(valueSums, valueCounts, places[i + 1] as number, delta, sign);
    countCellValue(valueSums, valueCounts, places[i + 2] as number, delta, sign);
    countCellValue(valueSums, valueCounts, places[i + 3] as number, delta, sign);
  }
  for (; i < cellCount; i += 1) {
    countCellValue(valueSums, valueCounts, places[i] as number, delta, sign);
  }
}

function countCellValue(
  sums: Float64Array,
  counts: Int32Array,
  cell: number,
  delta: number,
  sign: number,
): void {
  sums[cell] = (sums[cell] as number) + delta;
  counts[cell] = ((counts[cell] as number) + sign) | 0;
}
