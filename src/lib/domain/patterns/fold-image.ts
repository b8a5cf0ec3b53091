import { SLOTS } from '../attributes/codes.ts';
import { MAX_EXACT_SUM } from '../outcomes/fixed-point.ts';
import { float64At } from '../read-typed-array.ts';
import { BASES } from './cube-layout.ts';

export const DEFAULT_TRACKED_CAP = 4_000;
export const DEFAULT_CELL_LIMIT = 4_000_000;

/** Numbers of a cell: outcomes, successes, and 1 + index of its tracked pattern (0 none, -1 never). */
export const CELL_STRIDE = 3;

/** All that is needed to open an image's buffer: small plain JSON. */
export interface ImageLayout {
  readonly version: 1;
  /** Codes that each slot's tables hold; 0: not used yet. */
  readonly capacities: readonly number[];
  /** Value tables exist. */
  readonly values: boolean;
  readonly cells: number;
  readonly trackedCap: number;
  readonly cellLimit: number;
}

/**
 * The whole state of a workspace's fold at one position, in one shared buffer: totals, the count cube and
 * the tracked patterns. Passed between threads as it is; the buffer is shared, the layout cloned.
 */
export interface FoldImage {
  readonly buffer: SharedArrayBuffer;
  readonly layout: ImageLayout;
}

/** Places in the header, an array of doubles. */
export const HEADER = {
  position: 0,
  n: 1,
  successes: 2,
  neutral: 3,
  valueCount: 4,
  valueSum: 5,
  /** Σ|value| over adds and retracts: bounds every cell's sum, so one check keeps all of them exact. */
  valueMagnitude: 6,
  tracked: 7,
  born: 8,
  bornSingles: 9,
  bornPairs: 10,
  bornTriples: 11,
  leftOut: 12,
  tuplesOutside: 13,
} as const;
const HEADER_LENGTH = 64;

/** An image's arrays, opened. Only the fold writes them, and only those of an image not published yet. */
export interface ImageView {
  readonly layout: ImageLayout;
  readonly header: Float64Array;
  /** Position after which the pattern became tracked. */
  readonly bornAt: Float64Array;
  /** Number of the birth, from 1, never reused: with the depth's own number it decides the budget share. */
  readonly ordinal: Int32Array;
  readonly depthOrdinal: Int32Array;
  /** The pattern's cell; meaningless where depth is 0. */
  readonly cell: Int32Array;
  /** Three a pattern. */
  readonly slots: Uint8Array;
  readonly codes: Uint8Array;
  /** Conditions of the pattern; 0: the index is free. */
  readonly depth: Uint8Array;
  readonly capacities: Int32Array;
  readonly bases: Int32Array;
  readonly cells: Int32Array;
  /** Empty without value tables. */
  readonly valueSums: Float64Array;
  readonly valueCounts: Int32Array;
}

/** A section of the buffer: its element size and how many. Doubles first, so that all are aligned. */
function sections(
  layout: ImageLayout,
): Record<keyof Omit<ImageView, 'layout'>, readonly [size: number, count: number]> {
  const { trackedCap, cells } = layout;
  const valued = layout.values ? cells : 0;
  return {
    header: [8, HEADER_LENGTH],
    bornAt: [8, trackedCap],
    valueSums: [8, valued],
    ordinal: [4, trackedCap],
    depthOrdinal: [4, trackedCap],
    cell: [4, trackedCap],
    capacities: [4, SLOTS],
    bases: [4, BASES],
    cells: [4, cells * CELL_STRIDE],
    valueCounts: [4, valued],
    slots: [1, trackedCap * 3],
    codes: [1, trackedCap * 3],
    depth: [1, trackedCap],
  };
}

export function imageBytes(layout: ImageLayout): number {
  return Object.values(sections(layout)).reduce((sum, [size, count]) => sum + size * count, 0);
}

/** Opens an image. Cost: a few µs, nothing is copied. */
export function openImage(image: FoldImage): ImageView {
  const { buffer, layout } = image;
  const all = sections(layout);
  const starts = new Map<string, number>();
  let offset = 0;
  for (const [name, [size, count]] of Object.entries(all)) {
    starts.set(name, offset);
    offset += size * count;
  }
  const doubles = (name: keyof typeof all) => new Float64Array(buffer, starts.get(name) ?? 0, all[name][1]);
  const integers = (name: keyof typeof all) => new Int32Array(buffer, starts.get(name) ?? 0, all[name][1]);
  const bytes = (name: keyof typeof all) => new Uint8Array(buffer, starts.get(name) ?? 0, all[name][1]);
  return {
    layout,
    header: doubles('header'),
    bornAt: doubles('bornAt'),
    valueSums: doubles('valueSums'),
    ordinal: integers('ordinal'),
    depthOrdinal: integers('depthOrdinal'),
    cell: integers('cell'),
    capacities: integers('capacities'),
    bases: integers('bases'),
    cells: integers('cells'),
    valueCounts: integers('valueCounts'),
    slots: bytes('slots'),
    codes: bytes('codes'),
    depth: bytes('depth'),
  };
}

/** The image before the first entry. */
export function createFoldImage(
  options: { readonly trackedCap?: number; readonly cellLimit?: number } = {},
): FoldImage {
  const layout: ImageLayout = {
    version: 1,
    capacities: new Array<number>(SLOTS).fill(0),
    values: false,
    cells: 0,
    trackedCap: options.trackedCap ?? DEFAULT_TRACKED_CAP,
    cellLimit: options.cellLimit ?? DEFAULT_CELL_LIMIT,
  };
  const image = { buffer: new SharedArrayBuffer(imageBytes(layout)), layout };
  openImage(image).bases.fill(-1);
  return image;
}

/** An image from a snapshot: the layout and the buffer's bytes. */
export function imageFromBytes(layout: ImageLayout, bytes: Uint8Array): FoldImage {
  const needed = imageBytes(layout);
  if (bytes.byteLength !== needed) {
    throw new RangeError(`a fold image of this layout has ${needed} bytes, got ${bytes.byteLength}`);
  }
  const buffer = new SharedArrayBuffer(needed);
  new Uint8Array(buffer).set(bytes);
  return { buffer, layout };
}

/** A total of recorded values, in ten-thousandths. */
export interface ValueTotal {
  readonly count: number;
  readonly sum: number;
}

export interface FoldTotals {
  readonly position: number;
  /** Successes and failures; neutral outcomes are counted apart. */
  readonly n: number;
  readonly successes: number;
  readonly failures: number;
  readonly neutral: number;
  /** Null where no value was recorded, or where the sum is no longer exact. */
  readonly values: ValueTotal | null;
  readonly tracked: number;
  /** Births ever. */
  readonly born: number;
  /** Supported conjunctions that had no room at the last comparison. */
  readonly leftOut: number;
  readonly cells: number;
  /** Attribute tuples beyond the cell limit: answered by scanning, not searched. */
  readonly tuplesOutside: number;
}

export function readTotals(image: FoldImage): FoldTotals {
  const header = new Float64Array(image.buffer, 0, HEADER_LENGTH);
  const n = float64At(header, HEADER.n);
  const successes = float64At(header, HEADER.successes);
  return {
    position: float64At(header, HEADER.position),
    n,
    successes,
    failures: n - successes,
    neutral: float64At(header, HEADER.neutral),
    values:
      image.layout.values && valuesAreExact(header)
        ? { count: float64At(header, HEADER.valueCount), sum: float64At(header, HEADER.valueSum) }
        : null,
    tracked: float64At(header, HEADER.tracked),
    born: float64At(header, HEADER.born),
    leftOut: float64At(header, HEADER.leftOut),
    cells: image.layout.cells,
    tuplesOutside: float64At(header, HEADER.tuplesOutside),
  };
}

/** Once Σ|value| leaves the exact integers, sums stop being kept and are not shown any more. */
export function valuesAreExact(header: Float64Array): boolean {
  return float64At(header, HEADER.valueMagnitude) <= MAX_EXACT_SUM;
}
