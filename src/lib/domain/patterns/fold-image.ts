import { SLOTS } from '../attributes/codes.ts';
import { MAX_EXACT_SUM } from '../outcomes/fixed-point.ts';
import { float64At } from '../read-typed-array.ts';
import { type ChangeColumns, openChange } from '../statistics/change-columns.ts';
import { type EvidenceColumns, openEvidence } from '../statistics/evidence-columns.ts';
import {
  DEFAULT_CELL_LIMIT,
  DEFAULT_TRACKED_CAP,
  HEADER,
  HEADER_LENGTH,
  imageBytes,
  type ImageLayout,
  jointPlaces,
  pairPlaces,
  patternPlaces,
  type SectionName,
  sectionRanges,
} from './image-layout.ts';
import { openValueEvidence, type ValueEvidence } from './value-evidence.ts';

export { CELL_STRIDE, DEFAULT_CELL_LIMIT, DEFAULT_TRACKED_CAP, HEADER, imageBytes } from './image-layout.ts';
export type { ImageLayout } from './image-layout.ts';

/**
 * The whole state of a workspace's fold at one position, in one shared buffer: totals, the count cube, the
 * tracked patterns and their evidence. Passed between threads as it is; the buffer is shared, the layout cloned.
 */
export interface FoldImage {
  readonly buffer: SharedArrayBuffer;
  readonly layout: ImageLayout;
}

/** An image's arrays, opened. Only the fold writes them, and only those of an image not published yet. */
export interface ImageView {
  readonly layout: ImageLayout;
  readonly header: Float64Array;
  /** Position after which the pattern became tracked. */
  readonly bornAt: Float64Array;
  /** Position after which its evidence begins: 0 where the log is replayed from its first entry. */
  readonly epochAt: Float64Array;
  /** Position of the last retract of one of its outcomes that is not yet out of its evidence; 0: none. */
  readonly frozenAt: Float64Array;
  /** Position at which outcomes of its own were last taken out of its evidence. */
  readonly recountedAt: Float64Array;
  /** Of this epoch; 0: not confirmed. */
  readonly confirmedAt: Float64Array;
  /** Position of the last change alarm. */
  readonly changedAt: Float64Array;
  readonly statusAt: Float64Array;
  readonly evidence: EvidenceColumns;
  readonly change: ChangeColumns;
  /** Null without values. */
  readonly valueEvidence: ValueEvidence | null;
  /** Number of the birth, from 1, never reused. */
  readonly ordinal: Int32Array;
  /** Number of its share of the error budget among those with as many conditions; a new one with each epoch. */
  readonly depthOrdinal: Int32Array;
  /** 1 + index of the pattern that says the same more simply; 0: none. */
  readonly explainedBy: Int32Array;
  /** Results of its last 50 outcomes, the newest in the lowest bit of `recentLow`. */
  readonly recentLow: Int32Array;
  readonly recentHigh: Int32Array;
  readonly recentCount: Uint8Array;
  /** Bits of FLAG. */
  readonly flags: Uint8Array;
  /** Index into REASONS: why it is explained. */
  readonly reason: Uint8Array;
  /** Of the last change alarm: 0 none, 1 up, 2 down. */
  readonly changeSide: Uint8Array;
  /** Index into ADMISSIONS. */
  readonly admittedBy: Uint8Array;
  /** 1: an attribute of the pattern has been bound to time; its blocks end after PHASED_RUN. */
  readonly phased: Uint8Array;
  /** By slot: 1 where the attribute is bound to time, 2 where it has been. */
  readonly slotPeriod: Uint8Array;
  /** By slot and code: N from which the question of periodsAgree is asked again, and its last answer. */
  readonly periodAskAt: Float64Array;
  readonly periodAgrees: Uint8Array;
  readonly pairThrough: Float64Array;
  readonly pairEvidence: EvidenceColumns;
  readonly pairChild: Int32Array;
  readonly pairParent: Int32Array;
  readonly pairN: Int32Array;
  readonly pairSuccesses: Int32Array;
  readonly pairKind: Uint8Array;
  readonly jointThrough: Float64Array;
  /** Position of the last pruning that asked for the comparison. */
  readonly jointUsedAt: Float64Array;
  readonly jointEvidence: EvidenceColumns;
  /** 1 + index of the pattern that is compared; 0: the place is free. */
  readonly jointPattern: Int32Array;
  /** JOINT_OTHERS a comparison: 1 + index of each leader that is held alike, ascending, then zeros. */
  readonly jointOthers: Int32Array;
  /** Open blocks, STRATA of STRATUM numbers a comparison. */
  readonly jointOpen: Int32Array;
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

/** Opens an image. Cost: some 20 µs, nothing is copied. */
export function openImage(image: FoldImage): ImageView {
  const { buffer, layout } = image;
  const ranges = new Map(sectionRanges(layout).map((range) => [range.name, range]));
  const rangeOf = (name: SectionName) => {
    const range = ranges.get(name);
    if (range === undefined) throw new RangeError(`a fold image has no section ${name}`);
    return range;
  };
  const startOf = (name: SectionName) => rangeOf(name).start;
  const doubles = (name: SectionName) => new Float64Array(buffer, startOf(name), rangeOf(name).bytes / 8);
  const integers = (name: SectionName) => new Int32Array(buffer, startOf(name), rangeOf(name).bytes / 4);
  const bytes = (name: SectionName) => new Uint8Array(buffer, startOf(name), rangeOf(name).bytes);
  const places = patternPlaces(layout);
  return {
    layout,
    header: doubles('header'),
    bornAt: doubles('bornAt'),
    epochAt: doubles('epochAt'),
    frozenAt: doubles('frozenAt'),
    recountedAt: doubles('recountedAt'),
    confirmedAt: doubles('confirmedAt'),
    changedAt: doubles('changedAt'),
    statusAt: doubles('statusAt'),
    evidence: openEvidence(buffer, startOf('evidence'), places),
    change: openChange(buffer, startOf('change'), places),
    valueEvidence: layout.values ? openValueEvidence(buffer, startOf('valueEvidence'), places) : null,
    ordinal: integers('ordinal'),
    depthOrdinal: integers('depthOrdinal'),
    explainedBy: integers('explainedBy'),
    recentLow: integers('recentLow'),
    recentHigh: integers('recentHigh'),
    recentCount: bytes('recentCount'),
    flags: bytes('flags'),
    reason: bytes('reason'),
    changeSide: bytes('changeSide'),
    admittedBy: bytes('admittedBy'),
    phased: bytes('phased'),
    slotPeriod: bytes('slotPeriod'),
    periodAskAt: doubles('periodAskAt'),
    periodAgrees: bytes('periodAgrees'),
    pairThrough: doubles('pairThrough'),
    pairEvidence: openEvidence(buffer, startOf('pairEvidence'), pairPlaces(layout)),
    pairChild: integers('pairChild'),
    pairParent: integers('pairParent'),
    pairN: integers('pairN'),
    pairSuccesses: integers('pairSuccesses'),
    pairKind: bytes('pairKind'),
    jointThrough: doubles('jointThrough'),
    jointUsedAt: doubles('jointUsedAt'),
    jointEvidence: openEvidence(buffer, startOf('jointEvidence'), jointPlaces(layout)),
    jointPattern: integers('jointPattern'),
    jointOthers: integers('jointOthers'),
    jointOpen: integers('jointOpen'),
    cell: integers('cell'),
    slots: bytes('slots'),
    codes: bytes('codes'),
    depth: bytes('depth'),
    capacities: integers('capacities'),
    bases: integers('bases'),
    cells: integers('cells'),
    valueSums: doubles('valueSums'),
    valueCounts: integers('valueCounts'),
  };
}

/** The image before the first entry. */
export function createFoldImage(
  options: { readonly trackedCap?: number; readonly cellLimit?: number } = {},
): FoldImage {
  const layout: ImageLayout = {
    version: 5,
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
