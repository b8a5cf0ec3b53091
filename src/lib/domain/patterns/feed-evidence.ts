import type { EncodedChoice, EncodedClip, EncodedMode, EncodedSwap } from '../attributes/encoded-batch.ts';
import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import { startChange } from '../statistics/change-columns.ts';
import { type EvidenceState, evidenceState } from '../statistics/evidence-state.ts';
import { onMatch } from '../statistics/on-match.ts';
import { onPeriodMatch } from '../statistics/on-period-match.ts';
import { cellOf, trackedItems } from './cell-of.ts';
import { clipOf } from './clip-of.ts';
import type { Columns } from './columns.ts';
import { lastBehind } from './compare-tracked.ts';
import { type RowFindings, supportNeeded } from './count-row.ts';
import { EvidenceReplays } from './evidence-replays.ts';
import { longestRunOf, pairSubject } from './evidence-subject.ts';
import { CONFIRMED, EMERGING, FLAG } from './flags.ts';
import type { FoldEffect } from './fold-effect.ts';
import { CELL_STRIDE, HEADER, type ImageView } from './fold-image.ts';
import { patternPlaces } from './image-layout.ts';
import { beginEpoch, Judge } from './judge-pattern.ts';
import { freeJoints } from './joint-places.ts';
import { freePairs } from './pair-places.ts';
import { forgetPeriods } from './periods-agree.ts';
import { PRUNE_EVERY, Pruning } from './prune-patterns.ts';
import { pushRecent, readRecent } from './recent-results.ts';
import { countClipped } from './replay-evidence.ts';
import { setEpoch } from './set-epoch.ts';
import { StandingRows } from './standing-rows.ts';
import { lowerCounters, takeOutRetracted } from './take-out-retracted.ts';
import { isRecounted } from './next-swap.ts';
import { retractedRows } from './retracted-rows.ts';
import { ADMISSIONS, freePlace, giveBudget, movePlace, track, untrack } from './track.ts';
import { clipped, feedValue } from './value-evidence.ts';

const PINNED_ONLY = ADMISSIONS.indexOf('pin');
const PINNED_THEN_SUPPORTED = ADMISSIONS.indexOf('pin-then-support');

export interface EvidenceFoldOptions {
  readonly columns: Columns;
  readonly increments: BlockIncrements;
  readonly effects: FoldEffect[];
  /** Called all along what may take long. */
  readonly onStep: () => void;
  /** A pattern's facts have changed. */
  readonly onChange: (index: number) => void;
  /** A pattern without support has got a place because somebody watches it. */
  readonly onPinned: (index: number) => void;
  /** A pattern is about to leave its place because nobody watches it any more, or for one that did. */
  readonly onLeave: (index: number) => void;
}

/**
 * The evidence of a batch: feeds the tracked patterns that each outcome matches, judges them at their own block
 * closes, freezes what a retract touches until the retracted outcome is out of its evidence, replays births, and prunes.
 * Part of foldBatch, and like it a pure function of the log's prefix and the settings.
 */
export class EvidenceFold {
  readonly #options: EvidenceFoldOptions;
  readonly #judge: Judge;
  readonly #rows: StandingRows;
  readonly #replays: EvidenceReplays;
  #view: ImageView;
  #live: EvidenceState;
  #pruning: Pruning | null = null;

  constructor(view: ImageView, options: EvidenceFoldOptions) {
    this.#options = options;
    this.#judge = new Judge(options.effects, options.columns);
    this.#rows = this.#standingAt(float64At(view.header, HEADER.retractsThrough));
    this.#replays = new EvidenceReplays(view, options.columns, this.#rows, options.increments);
    this.#view = view;
    this.#live = evidenceState(view.evidence, options.increments);
  }

  /** The image has moved to a larger buffer. */
  moveTo(view: ImageView): void {
    this.#view = view;
    this.#live = evidenceState(view.evidence, this.#options.increments);
    this.#replays.moveTo(view);
    this.#pruning = null;
  }

  /** A pattern is about to leave its place, and with it its pairs. */
  evicted(index: number, position: number): void {
    this.#judge.tell(this.#view, index, position, 'evicted');
    this.#pruning = null;
  }

  /** One success or failure was added. `value`: fixed point, NaN for none. */
  add(found: RowFindings, y: number, value: number, position: number): void {
    const view = this.#view;
    const { header, frozenAt, flags } = view;
    const { trackedCap } = view.layout;
    const N = float64At(header, HEADER.evidenceN) + 1;
    const S = float64At(header, HEADER.evidenceSuccesses) + y;
    header[HEADER.evidenceN] = N;
    header[HEADER.evidenceSuccesses] = S;
    const isValued = !Number.isNaN(value) && this.#countValue(value);
    const { matched, matchedCount } = found;
    for (let m = 0; m < matchedCount; m += 1) {
      let index = int32At(matched, m);
      if (index >= trackedCap && this.#isSupportedNow(index)) {
        index = this.#placedBySupport(index);
        if (this.#admit(index, position)) continue;
      }
      const frozen = float64At(frozenAt, index) !== 0;
      pushRecent(view, index, y);
      if (isValued) this.#feedValue(index, value);
      if ((byteAt(flags, index) & FLAG.period) !== 0) {
        onPeriodMatch(this.#live, index, y, N, S);
        if (!frozen) this.#judge.judge(view, index, position, null);
      } else if (onMatch(this.#live, index, y, N, S, longestRunOf(view, index)) && !frozen) {
        this.#judge.judge(view, index, position, this.#live.lastBlock);
      }
    }
    const confirmed = this.#judge.confirm(view, position);
    if (confirmed !== null) this.#prune(position, confirmed);
  }

  /** After every entry. */
  after(position: number): void {
    if (position % PRUNE_EVERY === 0) this.#prune(position, null);
  }

  /**
   * An outcome was taken back. The patterns that it matches freeze: they are fed on but raise nothing until it is out of
   * their evidence (FINE-PRINT 7).
   */
  retract({ matched, matchedCount }: RowFindings, added: number, position: number): void {
    const view = this.#view;
    view.header[HEADER.lastRetract] = position;
    let rows: StandingRows | null = null;
    for (const index of matched.subarray(0, matchedCount)) {
      if (float64At(view.epochAt, index) < added) view.frozenAt[index] = position;
      else if (float64At(view.frozenAt, index) === 0) {
        // Older than its evidence: only the last results may hold it.
        rows ??= this.#standingAt(position);
        readRecent(view, index, rows, trackedItems(view, index), position);
      }
    }
  }

  /** A pattern was admitted by its support: its evidence is what it would be had it been watched from the start. */
  born(index: number, position: number): void {
    const view = this.#view;
    setEpoch(view, index, 0);
    this.#replays.replay(index, position);
    // Where it holds outcomes that no longer count, it waits for the swap that takes out all that was taken back so far.
    const counted = int32At(view.cells, int32At(view.cell, index) * CELL_STRIDE);
    const holdsRetracted = int32At(view.evidence.n, index) !== counted;
    view.frozenAt[index] = holdsRetracted ? float64At(view.header, HEADER.lastRetract) : 0;
  }

  choose({ kind, slots, codes, after }: EncodedChoice): void {
    const view = this.#view;
    const cell = cellOf(view, slots, codes);
    const known = cell < 0 ? 0 : int32At(view.cells, cell * CELL_STRIDE + 2);
    const isNew = kind === 'pin' && cell >= 0 && known === 0;
    const index = known > 0 ? known - 1 : isNew ? this.#pin(slots, codes, after) : -1;
    if (index < 0) return;
    const flags = byteAt(view.flags, index);
    const bit = kind === 'pin' || kind === 'unpin' ? FLAG.pinned : FLAG.retired;
    const set = kind === 'pin' || kind === 'retire';
    if (((flags & bit) !== 0) === set) return;
    // Without its pin it would leave, and be back another day as if nobody had retired it.
    if (kind === 'unpin' && (flags & FLAG.retired) !== 0 && byteAt(view.admittedBy, index) === PINNED_ONLY)
      return;
    view.flags[index] = set ? flags | bit : flags & ~bit;
    this.#options.onChange(index);
    if (bit === FLAG.retired) {
      view.statusAt[index] = after;
      this.#judge.tell(view, index, after, set ? 'retired' : 'resumed');
      return;
    }
    view.header[HEADER.pinned] = float64At(view.header, HEADER.pinned) + (set ? 1 : -1);
    if (set || index < view.layout.trackedCap) {
      this.#judge.tell(view, index, after, set ? 'pinned' : 'unpinned');
      if ((flags & CONFIRMED) === 0) startChange(view.change, index);
      return;
    }
    const place = this.#moveToSupported(index);
    if (place >= 0) {
      movePlace(view, index, place);
      this.#options.onChange(place);
      this.#judge.tell(view, place, after, 'unpinned');
      if ((flags & CONFIRMED) === 0) startChange(view.change, place);
    } else {
      this.#judge.tell(view, index, after, 'unpinned');
      this.#leave(index);
    }
    this.#pruning = null;
  }

  /**
   * The place of an unpinned pattern that support has admitted, so that it goes on as it is: a free one, or that of a
   * tracked pattern that ranks behind it; -1 where support never did, or where it ranks last itself.
   */
  #moveToSupported(index: number): number {
    const view = this.#view;
    if (byteAt(view.admittedBy, index) !== PINNED_THEN_SUPPORTED) return -1;
    const free = freePlace(view, 'support');
    if (free >= 0) return free;
    const last = lastBehind(view, index);
    if (last >= 0) this.#leave(last);
    return last;
  }

  #leave(index: number): void {
    this.#options.onLeave(index);
    untrack(this.#view, index, int32At(this.#view.cell, index));
  }

  /**
   * Changes how an attribute is compared: what was said of its patterns falls, and they begin again with a new share of
   * the budget. What labels alone have decided is fair over all of the epoch; what a person declares, who may have looked at
   * results, begins with the declaration.
   */
  setMode({ slot, period, declared, after }: EncodedMode): void {
    const view = this.#view;
    if ((byteAt(view.slotPeriod, slot) === 1) === period) return;
    // What has come in phases is compared in short blocks from now on.
    view.slotPeriod[slot] = period ? 1 : 2;
    forgetPeriods(view);
    for (let index = 0; index < patternPlaces(view.layout); index += 1) {
      if (byteAt(view.depth, index) === 0) continue;
      const { slots } = trackedItems(view, index);
      if (!slots.includes(slot)) continue;
      const flags = byteAt(view.flags, index);
      view.phased[index] = slots.some((one) => byteAt(view.slotPeriod, one) === 2) ? 1 : 0;
      const timed = slots.some((one) => byteAt(view.slotPeriod, one) === 1);
      if (timed === ((flags & FLAG.period) !== 0)) continue;
      const stood = (flags & (EMERGING | CONFIRMED | FLAG.changed)) !== 0;
      if (stood) this.#judge.tell(view, index, after, timed ? 'period' : 'concurrent');
      this.#judge.setFlags(view, index, after, flags & ~(EMERGING | CONFIRMED | FLAG.changed));
      view.flags[index] = byteAt(view.flags, index) ^ FLAG.period;
      view.confirmedAt[index] = 0;
      giveBudget(view, index);
      startChange(view.change, index);
      if (declared) beginEpoch(view, index, after);
      else this.#replays.replay(index, after);
      this.#options.onChange(index);
    }
    freePairs(view, (pair) => {
      const { slots, universe } = pairSubject(view, pair);
      return slots.includes(slot) || universe?.slots.includes(slot) === true;
    });
    freeJoints(view);
    this.#pruning = null;
  }

  /** Values can be compared from now on, those of the whole log. */
  setClip({ low, high, after }: EncodedClip): void {
    const view = this.#view;
    const { header } = view;
    const { count, sum } = countClipped(this.#options.columns, after, this.#rows.asOf, { low, high });
    header[HEADER.clipped] = 1;
    header[HEADER.clipLow] = low;
    header[HEADER.clipHigh] = high;
    header[HEADER.clippedCount] = count;
    header[HEADER.clippedSum] = sum;
    if (view.valueEvidence === null) return;
    for (let index = 0; index < patternPlaces(view.layout); index += 1) {
      if (byteAt(view.depth, index) === 0) continue;
      this.#options.onStep();
      this.#replays.replayValues(index, after);
      this.#options.onChange(index);
    }
  }

  /**
   * What was retracted up to `through` leaves all evidence, also that of patterns which had it in their rest; what it froze
   * goes on. What a later retract touched stays frozen.
   */
  swap({ through, recount, after }: EncodedSwap): void {
    const view = this.#view;
    const { columns, increments, onChange } = this.#options;
    // What is retracted after this entry is not known here, whatever the batch already holds of it.
    const asOf = Math.min(through, after);
    if (asOf <= float64At(view.header, HEADER.retractsThrough)) return;
    const retracts = retractedRows(columns, float64At(view.header, HEADER.retractsThrough), asOf);
    view.header[HEADER.retractsThrough] = asOf;
    if (recount ?? isRecounted(retracts.length, float64At(view.header, HEADER.evidenceN))) {
      let lastAdded = 0;
      for (const row of retracts) {
        lowerCounters(view, row);
        this.#rows.takeOut(row.added, row.by);
        lastAdded = Math.max(lastAdded, row.added);
      }
      this.#replays.replayAll(after, lastAdded);
      view.depth.forEach((depth, index) => {
        if (depth > 0) onChange(index);
      });
    } else if (retracts.length > 0) {
      const { changed, own } = takeOutRetracted(view, columns, this.#rows, increments, retracts, after);
      // Those that are not frozen are without what was retracted since already.
      const isAll = float64At(view.header, HEADER.lastRetract) <= asOf;
      const standing = isAll ? this.#rows : this.#standingAt(after);
      for (const index of own) readRecent(view, index, standing, trackedItems(view, index), after);
      for (const index of changed) onChange(index);
    }
    for (let index = 0; index < patternPlaces(view.layout); index += 1) {
      const frozenAt = float64At(view.frozenAt, index);
      if (frozenAt === 0 || frozenAt > asOf) continue;
      view.frozenAt[index] = 0;
      view.recountedAt[index] = after;
      startChange(view.change, index);
      this.#judge.tell(view, index, after, 'recounted');
      onChange(index);
    }
  }

  /** What stands at a position, all that was taken back up to there left out. */
  #standingAt(position: number): StandingRows {
    const { columns, onStep } = this.#options;
    return new StandingRows(columns, position, onStep);
  }

  /** Counts a value among everybody's; false while it is not known between which ends values are compared. */
  #countValue(value: number): boolean {
    const { header } = this.#view;
    const clip = clipOf(this.#view);
    if (clip === null) return false;
    header[HEADER.clippedCount] = float64At(header, HEADER.clippedCount) + 1;
    header[HEADER.clippedSum] = float64At(header, HEADER.clippedSum) + clipped(value, clip);
    return true;
  }

  #feedValue(index: number, value: number): void {
    const { header, valueEvidence } = this.#view;
    const clip = clipOf(this.#view);
    if (valueEvidence === null || clip === null) return;
    const count = float64At(header, HEADER.clippedCount);
    feedValue(valueEvidence, index, value, clip, count, float64At(header, HEADER.clippedSum));
  }

  /** A conjunction without support that a person watches: its evidence starts now (FINE-PRINT 19). */
  #pin(slots: readonly number[], codes: readonly number[], position: number): number {
    const view = this.#view;
    if (freePlace(view, 'pin') < 0) return -1;
    const index = track(view, slots, codes, position, 'pin');
    beginEpoch(view, index, position);
    readRecent(view, index, this.#standingAt(position), { slots, codes }, position);
    this.#options.onPinned(index);
    return index;
  }

  /** Whether a pinned pattern has just got the support that admits others. */
  #isSupportedNow(index: number): boolean {
    const view = this.#view;
    if (byteAt(view.admittedBy, index) !== PINNED_ONLY) return false;
    const n = int32At(view.cells, int32At(view.cell, index) * CELL_STRIDE);
    return n >= supportNeeded(byteAt(view.depth, index), float64At(view.header, HEADER.n));
  }

  /** The place of a pinned pattern that support admits: one of those that support fills, if there is a free one. */
  #placedBySupport(index: number): number {
    const view = this.#view;
    const place = freePlace(view, 'support');
    if (place < 0) return index;
    movePlace(view, index, place);
    this.#options.onChange(place);
    this.#pruning = null;
    return place;
  }

  /**
   * Support admits a pinned pattern: its evidence is then that of the whole log, like that of others, first judged at its
   * next own block close, and with a share of the budget of its own, since it is another bet than the one since the
   * pinning. False, and the evidence stays, where a change alarm has begun its epoch.
   */
  #admit(index: number, position: number): boolean {
    const view = this.#view;
    const isOfPinning = float64At(view.epochAt, index) === float64At(view.bornAt, index);
    view.admittedBy[index] = PINNED_THEN_SUPPORTED;
    view.bornAt[index] = position;
    if (isOfPinning) {
      giveBudget(view, index);
      startChange(view.change, index);
      this.born(index, position);
    }
    this.#judge.tell(view, index, position, 'supported');
    return isOfPinning;
  }

  #prune(position: number, focus: ReadonlySet<number> | null): void {
    const { columns, increments, onChange } = this.#options;
    this.#pruning ??= new Pruning(this.#view, columns, this.#rows, increments, onChange);
    this.#pruning.run(position, focus);
  }
}
