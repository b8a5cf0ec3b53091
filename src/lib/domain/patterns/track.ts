import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { copyChange, startChange } from '../statistics/change-columns.ts';
import { copyEvidence, startEvidence } from '../statistics/evidence-columns.ts';
import { cellOf } from './cell-of.ts';
import { FLAG } from './flags.ts';
import { CELL_STRIDE, HEADER, type ImageView } from './fold-image.ts';
import { patternPlaces } from './image-layout.ts';
import { freeJointsOf } from './joint-places.ts';
import { freePairsOf } from './pair-places.ts';
import { copyValueEvidence, startValueEvidence } from './value-evidence.ts';

const BUDGETS = [HEADER.budgetSingles, HEADER.budgetPairs, HEADER.budgetTriples] as const;

/** Who gave a pattern its place: enough outcomes, or a person, whom enough outcomes may follow. */
export const ADMISSIONS = ['support', 'pin', 'pin-then-support'] as const;
export type Admission = 'support' | 'pin';

/**
 * Makes a conjunction tracked and says at which index; its evidence is empty until it is replayed or fed. The
 * caller has made sure that there is room.
 *
 * The lowest free index is taken, so that indexes are a function of the log like everything else.
 */
export function track(
  view: ImageView,
  slots: readonly number[],
  codes: readonly number[],
  position: number,
  admission: Admission = 'support',
): number {
  const { header } = view;
  const depth = slots.length;
  const index = freePlace(view, admission);
  const cell = cellOf(view, slots, codes);
  if (index < 0 || cell < 0) throw new RangeError('track requires room and a cell');
  const born = float64At(header, HEADER.born) + 1;
  if (admission === 'support') header[HEADER.tracked] = float64At(header, HEADER.tracked) + 1;
  header[HEADER.born] = born;
  view.bornAt[index] = position;
  view.statusAt[index] = position;
  view.ordinal[index] = born;
  view.admittedBy[index] = ADMISSIONS.indexOf(admission);
  view.cell[index] = cell;
  view.depth[index] = depth;
  for (let i = 0; i < 3; i += 1) {
    view.slots[index * 3 + i] = slots[i] ?? 0;
    view.codes[index * 3 + i] = codes[i] ?? 0;
  }
  view.cells[cell * CELL_STRIDE + 2] = index + 1;
  if (slots.some((slot) => byteAt(view.slotPeriod, slot) === 1)) view.flags[index] = FLAG.period;
  view.phased[index] = slots.some((slot) => byteAt(view.slotPeriod, slot) === 2) ? 1 : 0;
  startEvidence(view.evidence, index, 0, 0);
  startChange(view.change, index);
  giveBudget(view, index);
  return index;
}

/** A share of the error budget, at a birth and with each new epoch; a spent one is never given again. */
export function giveBudget(view: ImageView, index: number): void {
  const budget = BUDGETS[byteAt(view.depth, index) - 1];
  if (budget === undefined) throw new RangeError('giveBudget requires a tracked pattern');
  const given = float64At(view.header, budget) + 1;
  view.header[budget] = given;
  view.depthOrdinal[index] = given;
}

/** Frees an index; the spent birth number stays spent. `cell` is -1 when the pattern's table is gone. */
export function untrack(view: ImageView, index: number, cell: number): void {
  const { header, layout } = view;
  if (index < layout.trackedCap) header[HEADER.tracked] = float64At(header, HEADER.tracked) - 1;
  if (byteAt(view.flags, index) & FLAG.pinned) header[HEADER.pinned] = float64At(header, HEADER.pinned) - 1;
  for (const name of FLAT) view[name][index] = 0;
  startEvidence(view.evidence, index, 0, 0);
  startChange(view.change, index);
  if (view.valueEvidence !== null) startValueEvidence(view.valueEvidence, index, 0, 0);
  view.slots.fill(0, index * 3, index * 3 + 3);
  view.codes.fill(0, index * 3, index * 3 + 3);
  if (cell >= 0) view.cells[cell * CELL_STRIDE + 2] = 0;
  freePairsOf(view, index);
  freeJointsOf(view, index);
  for (let other = 0; other < view.explainedBy.length; other += 1) {
    if (int32At(view.explainedBy, other) !== index + 1) continue;
    view.explainedBy[other] = 0;
    view.reason[other] = 0;
  }
}

/** Gives a pattern a place that support fills, with all that is known of it, and frees the one it had. */
export function movePlace(view: ImageView, from: number, to: number): void {
  for (const name of FLAT) view[name].copyWithin(to, from, from + 1);
  for (const items of [view.slots, view.codes]) items.copyWithin(to * 3, from * 3, from * 3 + 3);
  copyEvidence(view.evidence, from, view.evidence, to);
  copyChange(view.change, from, to);
  const { valueEvidence } = view;
  if (valueEvidence !== null) copyValueEvidence(valueEvidence, from, valueEvidence, to);
  view.cells[int32At(view.cell, to) * CELL_STRIDE + 2] = to + 1;
  for (const ends of [view.pairChild, view.pairParent]) {
    for (let pair = 0; pair < ends.length; pair += 1) {
      if (byteAt(view.pairKind, pair) !== 0 && int32At(ends, pair) === from) ends[pair] = to;
    }
  }
  for (let other = 0; other < view.explainedBy.length; other += 1) {
    if (int32At(view.explainedBy, other) === from + 1) view.explainedBy[other] = to + 1;
  }
  view.header[HEADER.tracked] = float64At(view.header, HEADER.tracked) + 1;
  // What is pinned goes on being so where it is now.
  view.flags[from] = 0;
  untrack(view, from, -1);
}

const FLAT = [
  'bornAt',
  'epochAt',
  'frozenAt',
  'recountedAt',
  'confirmedAt',
  'changedAt',
  'statusAt',
  'ordinal',
  'depthOrdinal',
  'explainedBy',
  'recentLow',
  'recentHigh',
  'recentCount',
  'flags',
  'reason',
  'changeSide',
  'admittedBy',
  'phased',
  'cell',
  'depth',
] as const;

/** The lowest free index of its kind of place, or -1. */
export function freePlace(view: ImageView, admission: Admission): number {
  const { layout, header } = view;
  const pinning = admission === 'pin';
  if (!pinning && float64At(header, HEADER.tracked) >= layout.trackedCap) return -1;
  const end = pinning ? patternPlaces(layout) : layout.trackedCap;
  for (let index = pinning ? layout.trackedCap : 0; index < end; index += 1) {
    if (byteAt(view.depth, index) === 0) return index;
  }
  return -1;
}
