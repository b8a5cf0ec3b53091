import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import type { EvidenceColumns } from '../statistics/evidence-columns.ts';
import { GRID_SIZE } from '../statistics/evidence-grid.ts';
import { sumEvidence } from '../statistics/exact-evidence.ts';
import { BlocksWithout } from './blocks-without.ts';
import { clipOf } from './clip-of.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, openChunk } from './columns.ts';
import {
  type EvidenceSubject,
  type Items,
  pairAbout,
  pairSubject,
  patternSubject,
} from './evidence-subject.ts';
import { HEADER, type ImageView } from './fold-image.ts';
import { jointPlaces, pairPlaces, patternPlaces } from './image-layout.ts';
import { jointSequence, openStratum } from './joint-places.ts';
import type { RetractedRow } from './retracted-rows.ts';
import type { BlockSequence } from './sequence-rows.ts';
import type { StandingRows } from './standing-rows.ts';
import { ValueBlocksWithout } from './value-blocks-without.ts';
import { clipped } from './value-evidence.ts';

/** What was taken out of which patterns' evidence. */
export interface TakenOut {
  /** Indexes whose evidence is another now. */
  readonly changed: readonly number[];
  /** Those that have lost outcomes of their own, be they older than their evidence. */
  readonly own: ReadonlySet<number>;
}

/** A pattern, a pair or a joint comparison while outcomes are taken out of it. */
interface Place {
  readonly index: number;
  readonly subject: EvidenceSubject;
  readonly sequence: BlockSequence;
  changed: boolean;
  /** Whether it has lost values of its own. */
  lostValue: boolean;
}

/**
 * Takes retracted outcomes, in the order of their retracts, out of all evidence: of the patterns that it
 * matches and of those that had it in their rest, of pairs and of joint comparisons. What is left is what a log without
 * those outcomes would have given, to the rounding of each L.
 *
 * One retract after the other, each out of the few blocks that it concerns; where no outcome of the pattern came after it,
 * no block does. So the cost is that of the retracts and hardly of the log: .3 to 1 µs a place and retract, some ms a
 * retract with 4,000 patterns. Only means of values grow with it: see ValueBlocksWithout. The largest E² begins again with
 * what is left: fewer looks make the always-valid p larger, never smaller. `position`: up to which the patterns have been
 * fed.
 */
export function takeOutRetracted(
  view: ImageView,
  columns: Columns,
  rows: StandingRows,
  increments: BlockIncrements,
  retracts: readonly RetractedRow[],
  position: number,
): TakenOut {
  const { evidence, pairEvidence, jointEvidence } = view;
  const patterns = placesOf(patternPlaces(view.layout), (index) =>
    byteAt(view.depth, index) === 0 ? null : placeOf(index, patternSubject(view, index), position),
  );
  const pairs = placesOf(pairPlaces(view.layout), (pair) =>
    byteAt(view.pairKind, pair) === 0
      ? null
      : placeOf(pair, pairSubject(view, pair), float64At(view.pairThrough, pair)),
  );
  const own = new Set<number>();
  const joints = new Set<number>();
  const blocks = new BlocksWithout(rows, increments);
  const clip = clipOf(view);
  const values = clip === null ? null : new ValueBlocksWithout(columns, rows, clip);
  // Without an outcome of its own since the row that is taken out.
  const isQuiet = new Uint8Array(patternPlaces(view.layout));
  for (const row of retracts) {
    const since = rows.count(row.added, position).n;
    const rank = float64At(view.header, HEADER.evidenceN) - since;
    for (const { index } of patterns) isQuiet[index] = rank > lastOwn(evidence, index) ? 1 : 0;
    lowerCounters(view, row);
    for (const place of patterns) {
      if (byteAt(isQuiet, place.index) === 1) place.changed = true;
      else takeFromPattern(view, columns, blocks, values, increments, place, row, own);
    }
    for (const place of pairs) takeFromPair(view, columns, blocks, increments, place, row, isQuiet);
    for (let joint = 0; joint < jointPlaces(view.layout); joint += 1) {
      const found = jointSequence(view, columns, joint, row.added);
      if (found === null) continue;
      if (!blocks.takeOut(found.sequence, row.added, row.y)) openStratum(view, found.stratum, blocks.open);
      increments.replace(jointEvidence.gridLogs, joint * GRID_SIZE, blocks.gone, blocks.come);
      joints.add(joint);
    }
    rows.takeOut(row.added, row.by);
    if (!Number.isNaN(row.value)) values?.leave(row.added, row.value);
  }
  for (const { index, sequence, lostValue } of patterns) {
    if (lostValue && view.valueEvidence !== null) values?.readMoments(view.valueEvidence, index, sequence);
  }
  const changed = patterns.filter((place) => place.changed);
  for (const { index, subject } of changed) {
    const { logETwoSided } = sumEvidence(evidence, index, subject.period);
    evidence.maxLogETwoSided[index] = Math.max(0, logETwoSided);
  }
  for (const { index, subject, changed: hasChanged } of pairs) {
    if (hasChanged) sumEvidence(pairEvidence, index, subject.period);
  }
  for (const joint of joints) sumEvidence(jointEvidence, joint, false);
  return { changed: changed.map(({ index }) => index), own };
}

function placesOf(count: number, place: (index: number) => Place | null): Place[] {
  const places: Place[] = [];
  for (let index = 0; index < count; index += 1) {
    const one = place(index);
    if (one !== null) places.push(one);
  }
  return places;
}

function placeOf(index: number, subject: EvidenceSubject, through: number): Place {
  const { universe, period, longestRun, after } = subject;
  const sequence = {
    own: subject,
    universe: universe === null ? [] : [universe],
    longestRun: period ? Infinity : longestRun,
    after,
    through,
  };
  return { index, subject, sequence, changed: false, lostValue: false };
}

/** Everybody's counters without an outcome. */
export function lowerCounters(view: ImageView, { y, value }: RetractedRow): void {
  const { header } = view;
  header[HEADER.evidenceN] = float64At(header, HEADER.evidenceN) - 1;
  header[HEADER.evidenceSuccesses] = float64At(header, HEADER.evidenceSuccesses) - y;
  const clip = clipOf(view);
  if (clip === null || Number.isNaN(value)) return;
  header[HEADER.clippedCount] = float64At(header, HEADER.clippedCount) - 1;
  header[HEADER.clippedSum] = float64At(header, HEADER.clippedSum) - clipped(value, clip);
}

function takeFromPattern(
  view: ImageView,
  columns: Columns,
  blocks: BlocksWithout,
  values: ValueBlocksWithout | null,
  increments: BlockIncrements,
  place: Place,
  row: RetractedRow,
  own: Set<number>,
): void {
  const { evidence, header } = view;
  const { index, subject, sequence } = place;
  const { added, y, value } = row;
  if (added <= subject.after) {
    lower(evidence.startN, index, 1);
    lower(evidence.startSuccesses, index, y);
    lower(evidence.closedAtN, index, 1);
    lower(evidence.closedAtSuccesses, index, y);
    lowerValues(view, index, value);
    // The last results reach back beyond the epoch.
    if (matches(columns, subject, added)) own.add(index);
    return;
  }
  place.changed = true;
  const meets = blocks.takeOut(sequence, added, y);
  if (blocks.isOwn) {
    lower(evidence.n, index, 1);
    lower(evidence.successes, index, y);
    own.add(index);
  }
  const n = float64At(header, HEADER.evidenceN);
  closeAt(evidence, index, blocks, meets, y, n, float64At(header, HEADER.evidenceSuccesses));
  evidence.blockSum[index] = float64At(evidence.blockSum, index) + blocks.blockSum;
  if (!subject.period) increments.replace(evidence.gridLogs, index * GRID_SIZE, blocks.gone, blocks.come);
  if (values === null || view.valueEvidence === null || Number.isNaN(value)) return;
  const count = float64At(header, HEADER.clippedCount);
  const sum = float64At(header, HEADER.clippedSum);
  values.takeOut(view.valueEvidence.bets, index, sequence, added, value, count, sum);
  if (blocks.isOwn) place.lostValue = true;
}

function takeFromPair(
  view: ImageView,
  columns: Columns,
  blocks: BlocksWithout,
  increments: BlockIncrements,
  place: Place,
  { added, y }: RetractedRow,
  isQuiet: Uint8Array,
): void {
  const { index: pair, subject, sequence } = place;
  const { universe, period } = subject;
  if (added <= subject.after || added > sequence.through || universe === null) return;
  if (matches(columns, universe, added) === universe.outside) return;
  place.changed = true;
  const { pairEvidence, pairN, pairSuccesses } = view;
  lower(pairN, pair, 1);
  lower(pairSuccesses, pair, y);
  if (byteAt(isQuiet, pairAbout(view, pair)) === 1) return;
  const meets = blocks.takeOut(sequence, added, y);
  if (blocks.isOwn) {
    lower(pairEvidence.n, pair, 1);
    lower(pairEvidence.successes, pair, y);
  }
  closeAt(pairEvidence, pair, blocks, meets, y, int32At(pairN, pair), int32At(pairSuccesses, pair));
  pairEvidence.blockSum[pair] = float64At(pairEvidence.blockSum, pair) + blocks.blockSum;
  if (!period) increments.replace(pairEvidence.gridLogs, pair * GRID_SIZE, blocks.gone, blocks.come);
}

/** Where the last block closed, of all that are counted up to now: n, with this many successes. */
function closeAt(
  evidence: EvidenceColumns,
  index: number,
  { open }: BlocksWithout,
  meets: boolean,
  y: number,
  n: number,
  successes: number,
): void {
  if (meets) {
    lower(evidence.closedAtN, index, 1);
    lower(evidence.closedAtSuccesses, index, y);
    return;
  }
  evidence.openN[index] = open.n;
  evidence.openSuccesses[index] = open.successes;
  evidence.closedAtN[index] = n - open.n - open.restN;
  evidence.closedAtSuccesses[index] = successes - open.successes - open.restSuccesses;
}

/** Rank of a pattern's last outcome among all that stand: those since the last close come right after it. */
function lastOwn({ closedAtN, openN }: EvidenceColumns, index: number): number {
  return int32At(closedAtN, index) + int32At(openN, index);
}

function lower(column: Int32Array, index: number, by: number): void {
  column[index] = int32At(column, index) - by;
}

/** Values before a pattern's epoch are in its counters of everybody's. */
function lowerValues(view: ImageView, index: number, value: number): void {
  const clip = clipOf(view);
  if (view.valueEvidence === null || clip === null || Number.isNaN(value)) return;
  const { bets, startCount, startSum } = view.valueEvidence;
  const left = clipped(value, clip);
  lower(startCount, index, 1);
  startSum[index] = float64At(startSum, index) - left;
  lower(bets.closedAtCount, index, 1);
  bets.closedAtSum[index] = float64At(bets.closedAtSum, index) - left;
}

/** Whether the entry at a position has all the items. */
function matches(columns: Columns, { slots, codes }: Items, position: number): boolean {
  const chunk = openChunk(columns, (position - 1) >>> CHUNK_BITS);
  const at = (position - 1) & (CHUNK_ROWS - 1);
  return slots.every((slot, i) => byteAt(chunk.codes, slot * CHUNK_ROWS + at) === codes[i]);
}
