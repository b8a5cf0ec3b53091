import { DICTIONARY_LIMIT, SLOTS } from '../attributes/codes.ts';
import { int32At } from '../read-typed-array.ts';

/** Entries of the table of bases: 16 singles, 16² pairs, 16³ triples, ascending slots only. */
export const BASES = SLOTS + SLOTS * SLOTS + SLOTS * SLOTS * SLOTS;
const PAIRS = SLOTS;
const TRIPLES = SLOTS + SLOTS * SLOTS;

export function singleIndex(a: number): number {
  return a;
}

export function pairIndex(a: number, b: number): number {
  return PAIRS + a * SLOTS + b;
}

export function tripleIndex(a: number, b: number, c: number): number {
  return TRIPLES + (a * SLOTS + b) * SLOTS + c;
}

/** Finer steps cost more remapping while values are new, coarser ones leave the tables empty for ever. */
const CAPACITIES = [2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, DICTIONARY_LIMIT + 1] as const;

/** The smallest capacity that holds a code. */
export function capacityFor(code: number): number {
  const capacity = CAPACITIES.find((one) => one >= code);
  if (capacity === undefined) throw new RangeError(`no capacity holds code ${code}`);
  return capacity;
}

/** A set of one to three slots, ascending. */
export type Tuple = readonly number[];

/** All tuples of the used slots in birth order: by depth, then by slots. */
export function tuplesOf(slots: readonly number[]): Tuple[] {
  const tuples: Tuple[] = slots.map((a) => [a]);
  slots.forEach((a, i) => {
    for (const b of slots.slice(i + 1)) tuples.push([a, b]);
  });
  slots.forEach((a, i) => {
    slots.slice(i + 1).forEach((b, j) => {
      for (const c of slots.slice(i + j + 2)) tuples.push([a, b, c]);
    });
  });
  return tuples;
}

/** Where a tuple's base stands in the table of bases. */
export function tupleIndex(tuple: Tuple): number {
  const [a, b, c] = tuple;
  if (a === undefined) throw new RangeError('tupleIndex requires one to three slots');
  if (b === undefined) return singleIndex(a);
  return c === undefined ? pairIndex(a, b) : tripleIndex(a, b, c);
}

/** The tuple whose base stands at an index: the inverse of tupleIndex. */
export function tupleAt(index: number): Tuple {
  if (index < PAIRS) return [index];
  if (index < TRIPLES) return [Math.floor((index - PAIRS) / SLOTS), (index - PAIRS) % SLOTS];
  const triple = index - TRIPLES;
  return [Math.floor(triple / (SLOTS * SLOTS)), Math.floor(triple / SLOTS) % SLOTS, triple % SLOTS];
}

export function tupleCells(tuple: Tuple, capacities: readonly number[]): number {
  return tuple.reduce((cells, slot) => cells * (capacities[slot] ?? 0), 1);
}

export function usedSlots(capacities: readonly number[]): number[] {
  return capacities.flatMap((capacity, slot) => (capacity > 0 ? [slot] : []));
}

export interface CubePlan {
  /** First cell of each tuple's table, -1 where it has none. */
  readonly bases: Int32Array;
  readonly cells: number;
  /** Tuples that did not fit and are answered by scanning. */
  readonly outside: number;
}

/**
 * Gives each tuple its place: smallest first, as long as the cells fit.
 *
 * A tuple that has had to leave stays out, since its table would have to be counted again; `before` says
 * which had one. Cost: a sort of at most 696 tuples, only when a capacity grows.
 */
export function planCube(
  capacities: readonly number[],
  cellLimit: number,
  before: { readonly bases: Int32Array; readonly capacities: readonly number[] },
): CubePlan {
  const bases = new Int32Array(BASES).fill(-1);
  const sized = tuplesOf(usedSlots(capacities)).map((tuple) => ({
    tuple,
    size: tupleCells(tuple, capacities),
  }));
  sized.sort((x, y) => x.size - y.size);
  let cells = 0;
  let outside = 0;
  for (const { tuple, size } of sized) {
    const isNew = tuple.some((slot) => before.capacities[slot] === 0);
    const had = int32At(before.bases, tupleIndex(tuple)) >= 0;
    if ((had || isNew) && cells + size <= cellLimit) {
      bases[tupleIndex(tuple)] = cells;
      cells += size;
    } else {
      outside += 1;
    }
  }
  return { bases, cells, outside };
}
