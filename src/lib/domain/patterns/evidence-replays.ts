import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import { startEvidence } from '../statistics/evidence-columns.ts';
import { type EvidenceState, evidenceState } from '../statistics/evidence-state.ts';
import { clipOf } from './clip-of.ts';
import type { Columns } from './columns.ts';
import { patternSubject } from './evidence-subject.ts';
import { HEADER, type ImageView } from './fold-image.ts';
import { pairPlaces } from './image-layout.ts';
import { advancePair, pairState, resetPair } from './pair-places.ts';
import { pairKey, patternKey, type PreparedReplay, preparedReplays } from './prepared-replay.ts';
import { clearRecent, readRecent } from './recent-results.ts';
import { replayEvidence, type ReplayCursor, startCursor } from './replay-evidence.ts';
import { type ReplayWork, shiftEvidence } from './replay-places.ts';
import { type RowCursor, StandingRows } from './standing-rows.ts';
import { startValueEvidence } from './value-evidence.ts';

/**
 * Gives patterns their evidence from the log instead of from the outcomes that pass: at births, after corrections, in
 * another mode. Part of one batch's fold.
 */
export class EvidenceReplays {
  /** What stands at the position that the fold has reached. */
  readonly rows: StandingRows;
  readonly #columns: Columns;
  readonly #increments: BlockIncrements;
  #view: ImageView;
  #live: EvidenceState;
  #pairs: EvidenceState;

  constructor(view: ImageView, columns: Columns, increments: BlockIncrements) {
    this.rows = new StandingRows(columns);
    this.#columns = columns;
    this.#increments = increments;
    this.#view = view;
    this.#live = evidenceState(view.evidence, increments);
    this.#pairs = pairState(view, increments);
  }

  moveTo(view: ImageView): void {
    this.#view = view;
    this.#live = evidenceState(view.evidence, this.#increments);
    this.#pairs = pairState(view, this.#increments);
  }

  /** The entry at `added` has been taken back. */
  forget(added: number): void {
    this.rows.forget(added);
  }

  /** The evidence of a pattern's epoch anew, from all that stands at `position`, which the fold has reached. */
  replay(index: number, position: number): void {
    const view = this.#view;
    const subject = patternSubject(view, index);
    const { after } = subject;
    const cursor = this.#startAgain(this.rows, index, after, position);
    if (after === 0) clearRecent(view, index);
    else readRecent(view, index, this.#columns, subject, position, position);
    const target = { state: this.#live, recent: after === 0 ? view : null };
    this.rows.replay(subject, target, index, cursor, position);
    this.replayValues(index, position);
  }

  /** The value evidence of a pattern's epoch anew, from all that stands at `position`. */
  replayValues(index: number, position: number): void {
    const view = this.#view;
    const { valueEvidence: values } = view;
    const clip = clipOf(view);
    if (values === null) return;
    startValueEvidence(values, index, 0, 0);
    if (clip === null) return;
    const subject = patternSubject(view, index);
    const cursor = startCursor(subject.after);
    const target = { state: null, values };
    replayEvidence(this.#columns, subject, target, index, cursor, position, position, clip);
    this.#shiftValues(index, cursor);
  }

  /** The evidence of these patterns' epochs anew, up to `through` and without what was retracted up to `asOf`. */
  replayWithout(
    indexes: readonly number[],
    through: number,
    asOf: number,
    prepared: ReadonlyMap<string, PreparedReplay> | null,
  ): void {
    const view = this.#view;
    if (prepared !== null || clipOf(view) !== null) {
      for (const index of indexes) this.#replayAlone(index, through, asOf, prepared);
      return;
    }
    const rows = new StandingRows(this.#columns, asOf);
    for (const index of indexes) {
      const subject = patternSubject(view, index);
      const cursor = this.#startAgain(rows, index, subject.after, through);
      readRecent(view, index, this.#columns, subject, through, asOf);
      rows.replay(subject, { state: this.#live, recent: null }, index, cursor, through);
    }
  }

  /** Evidence that begins after a position, with everybody's counters of then. */
  #startAgain(rows: StandingRows, index: number, after: number, through: number): RowCursor {
    const { header, evidence } = this.#view;
    const own = rows.count(after, through);
    const n = float64At(header, HEADER.evidenceN) - own.n;
    const successes = float64At(header, HEADER.evidenceSuccesses) - own.successes;
    startEvidence(evidence, index, n, successes);
    return { position: after, n, successes };
  }

  #replayAlone(
    index: number,
    through: number,
    asOf: number,
    prepared: ReadonlyMap<string, PreparedReplay> | null,
  ): void {
    const view = this.#view;
    const columns = this.#columns;
    const clip = clipOf(view);
    const subject = patternSubject(view, index);
    startEvidence(view.evidence, index, 0, 0);
    if (view.valueEvidence !== null) startValueEvidence(view.valueEvidence, index, 0, 0);
    const done = prepared?.get(patternKey(view, index));
    const cursor = done?.takePattern(view, index, subject) ?? startCursor(subject.after);
    const target = { state: this.#live, values: view.valueEvidence };
    replayEvidence(columns, subject, target, index, cursor, through, asOf, clip);
    readRecent(view, index, columns, subject, through, asOf);
    shiftEvidence(
      view.evidence,
      index,
      float64At(view.header, HEADER.evidenceN) - cursor.n,
      float64At(view.header, HEADER.evidenceSuccesses) - cursor.successes,
    );
    if (clip !== null) this.#shiftValues(index, cursor);
  }

  /** The same of the pairs that `isDue` says are to be replayed, by the position that froze them. */
  replayPairsWithout(
    isDue: (frozenAt: number) => boolean,
    through: number,
    asOf: number,
    prepared: ReadonlyMap<string, PreparedReplay> | null,
  ): void {
    const view = this.#view;
    const rows = new StandingRows(this.#columns, asOf);
    for (let pair = 0; pair < pairPlaces(view.layout); pair += 1) {
      if (byteAt(view.pairKind, pair) === 0 || !isDue(float64At(view.pairFrozenAt, pair))) continue;
      resetPair(view, pair);
      prepared?.get(pairKey(view, pair))?.takePair(view, pair);
      advancePair(view, rows, this.#pairs, pair, through);
    }
  }

  /** The replays that a swap may take over: those as of the same position, with values read the same way. */
  usable(prepared: ReplayWork | null, through: number): ReadonlyMap<string, PreparedReplay> | null {
    const clip = clipOf(this.#view);
    if (prepared?.through !== through) return null;
    if (prepared.clip?.low !== clip?.low || prepared.clip?.high !== clip?.high) return null;
    return preparedReplays(prepared);
  }

  #shiftValues(index: number, cursor: ReplayCursor): void {
    const { header, valueEvidence } = this.#view;
    if (valueEvidence === null) return;
    const { closedAtCount, closedAtSum } = valueEvidence.bets;
    const count = float64At(header, HEADER.clippedCount) - cursor.valueCount;
    const sum = float64At(header, HEADER.clippedSum) - cursor.valueSum;
    closedAtCount[index] = int32At(closedAtCount, index) + count;
    closedAtSum[index] = float64At(closedAtSum, index) + sum;
  }
}
