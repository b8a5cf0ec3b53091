import { OTHER_CODE, SLOTS } from '../attributes/codes.ts';
import { changeBytes } from '../statistics/change-columns.ts';
import { evidenceBytes } from '../statistics/evidence-columns.ts';
import { valueEvidenceBytes } from './value-evidence.ts';
import { BASES } from './cube-layout.ts';

export const DEFAULT_TRACKED_CAP = 4_000;
export const DEFAULT_CELL_LIMIT = 4_000_000;
/** Places for conjunctions that a person watches and that support has not admitted. */
export const PINNED_CAP = 256;
/** Pairs of related patterns whose evidence is compared for pruning: at most, and at most two a tracked pattern. */
const PAIR_CAP = 4_096;
/** Comparisons of a leader among what is alike in the other leaders: at most. */
const JOINT_CAP = 128;
/** Other leaders that such a comparison holds alike: at most. */
export const JOINT_OTHERS = 6;
/** Ways to be in some of them and not in the others. */
export const STRATA = 1 << JOINT_OTHERS;
/** Numbers of a stratum: outcomes and successes of the pattern, and of the rest, since the last block. */
export const STRATUM = 4;

/** Codes of a slot, 0 to other: how periods are numbered. */
export const PERIOD_CODES = OTHER_CODE + 1;

/** Numbers of a cell: outcomes, successes, and 1 + index of its tracked pattern (0 none, -1 never). */
export const CELL_STRIDE = 3;

/** All that is needed to open an image's buffer: small plain JSON. */
export interface ImageLayout {
  readonly version: 5;
  /** Codes that each slot's tables hold; 0: not used yet. */
  readonly capacities: readonly number[];
  /** Value tables and value evidence exist. */
  readonly values: boolean;
  readonly cells: number;
  readonly trackedCap: number;
  readonly cellLimit: number;
}

/** Indexes that a pattern can have: those that support fills, then those that only pins fill. */
export function patternPlaces(layout: ImageLayout): number {
  return layout.trackedCap + PINNED_CAP;
}

/** Places for pairs of related patterns. */
export function pairPlaces(layout: ImageLayout): number {
  return Math.min(PAIR_CAP, 2 * layout.trackedCap);
}

/** Places for comparisons of a leader among what is alike in the others. */
export function jointPlaces(layout: ImageLayout): number {
  return Math.min(JOINT_CAP, layout.trackedCap);
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
  /** Shares of the error budget given, by number of conditions: at births, and at new epochs. */
  budgetSingles: 9,
  budgetPairs: 10,
  budgetTriples: 11,
  leftOut: 12,
  tuplesOutside: 13,
  /** Successes-and-failures and successes in the evidence: those that stand as of `retractsThrough`. */
  evidenceN: 14,
  evidenceSuccesses: 15,
  /** |R| of online e-BH: confirmations ever. */
  rejections: 16,
  epochs: 17,
  pinned: 18,
  /** 1 once values.clip is known; its ends, fixed point. */
  clipped: 19,
  clipLow: 20,
  clipHigh: 21,
  /** Valued ones among them and the sum of their clipped values: the counters of value evidence. */
  clippedCount: 22,
  clippedSum: 23,
  /** Pairs that found no place at the last pruning. */
  pairsLeftOut: 24,
  /** What retracts up to here took back is out of all evidence; what later ones did is still in it. */
  retractsThrough: 25,
  /** Position of the last retract of a success or failure; 0: none. */
  lastRetract: 26,
} as const;
export const HEADER_LENGTH = 64;

type ElementSize = 8 | 4 | 1;
type Section = readonly [size: ElementSize, count: number];

/** Sections that do not change when the tables grow. */
export const CARRIED_SECTIONS = [
  'bornAt',
  'epochAt',
  'frozenAt',
  'recountedAt',
  'confirmedAt',
  'changedAt',
  'statusAt',
  'evidence',
  'change',
  'ordinal',
  'depthOrdinal',
  'explainedBy',
  'recentLow',
  'recentHigh',
  'slots',
  'codes',
  'depth',
  'recentCount',
  'flags',
  'reason',
  'changeSide',
  'admittedBy',
  'phased',
  'slotPeriod',
  'periodAskAt',
  'periodAgrees',
  'pairThrough',
  'pairEvidence',
  'pairChild',
  'pairParent',
  'pairN',
  'pairSuccesses',
  'pairKind',
  'jointThrough',
  'jointUsedAt',
  'jointEvidence',
  'jointPattern',
  'jointOthers',
  'jointOpen',
] as const;

export type SectionName =
  | (typeof CARRIED_SECTIONS)[number]
  | 'header'
  | 'valueSums'
  | 'valueEvidence'
  | 'cell'
  | 'capacities'
  | 'bases'
  | 'cells'
  | 'valueCounts';

/** The sections of the buffer. Doubles first, so that all are aligned. */
export function sections(layout: ImageLayout): Record<SectionName, Section> {
  const { cells } = layout;
  const places = patternPlaces(layout);
  const pairs = pairPlaces(layout);
  const joints = jointPlaces(layout);
  const valued = layout.values ? cells : 0;
  return {
    header: [8, HEADER_LENGTH],
    bornAt: [8, places],
    epochAt: [8, places],
    frozenAt: [8, places],
    recountedAt: [8, places],
    confirmedAt: [8, places],
    changedAt: [8, places],
    statusAt: [8, places],
    evidence: [8, evidenceBytes(places) / 8],
    change: [8, changeBytes(places) / 8],
    valueEvidence: [8, layout.values ? valueEvidenceBytes(places) / 8 : 0],
    periodAskAt: [8, SLOTS * PERIOD_CODES],
    pairThrough: [8, pairs],
    pairEvidence: [8, evidenceBytes(pairs) / 8],
    jointThrough: [8, joints],
    jointUsedAt: [8, joints],
    jointEvidence: [8, evidenceBytes(joints) / 8],
    valueSums: [8, valued],
    ordinal: [4, places],
    depthOrdinal: [4, places],
    explainedBy: [4, places],
    recentLow: [4, places],
    recentHigh: [4, places],
    pairChild: [4, pairs],
    pairParent: [4, pairs],
    pairN: [4, pairs],
    pairSuccesses: [4, pairs],
    jointPattern: [4, joints],
    jointOthers: [4, joints * JOINT_OTHERS],
    jointOpen: [4, joints * STRATA * STRATUM],
    cell: [4, places],
    capacities: [4, SLOTS],
    bases: [4, BASES],
    cells: [4, cells * CELL_STRIDE],
    valueCounts: [4, valued],
    slots: [1, places * 3],
    codes: [1, places * 3],
    depth: [1, places],
    recentCount: [1, places],
    flags: [1, places],
    reason: [1, places],
    changeSide: [1, places],
    admittedBy: [1, places],
    phased: [1, places],
    pairKind: [1, pairs],
    slotPeriod: [1, SLOTS],
    periodAgrees: [1, SLOTS * PERIOD_CODES],
  };
}

export interface SectionRange {
  readonly name: SectionName;
  readonly size: ElementSize;
  readonly start: number;
  readonly bytes: number;
}

/** Where each section lies in the buffer, in order. */
export function sectionRanges(layout: ImageLayout): SectionRange[] {
  let start = 0;
  return (Object.entries(sections(layout)) as [SectionName, Section][]).map(([name, [size, count]]) => {
    const range = { name, size, start, bytes: size * count };
    start += range.bytes;
    return range;
  });
}

export function imageBytes(layout: ImageLayout): number {
  return Object.values(sections(layout)).reduce((sum, [size, count]) => sum + size * count, 0);
}
