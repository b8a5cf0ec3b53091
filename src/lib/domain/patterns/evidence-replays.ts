import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import { startEvidence } from '../statistics/evidence-columns.ts';
import { type EvidenceState, evidenceState } from '../statistics/evidence-state.ts';
import { cellOf } from './cell-of.ts';
import { clipOf } from './clip-of.ts';
import type { Columns } from './columns.ts';
import { type EvidenceSubject, patternSubject } from './evidence-subject.ts';
import { CELL_STRIDE, HEADER, type ImageView } from './fold-image.ts';
import { pairPlaces, patternPlaces } from './image-layout.ts';
import { advancePair, resetPair } from './pair-places.ts';
import { pairKey, patternKey, type PreparedReplay, preparedReplays } from './prepared-replay.ts';
import { clearRecent, readRecent } from './recent-results.ts';
import { replayEvidence, type ReplayCursor, startCursor } from './replay-evidence.ts';
import { type ReplayWork, shiftEvidence } from './replay-places.ts';
import { replayTogether, TOGETHER } from './replay-together.ts';
import { StandingCounts } from './standing-counts.ts';
import { startValueEvidence } from './value-evidence.ts';

/**
 * Gives patterns their evidence from the log instead of from the outcomes that pass: at births, after corrections, in
 * another mode. Part of one batch's fold.
 */
export class EvidenceReplays {
  readonly #columns: Columns;
  readonly #increments: BlockIncrements;
  readonly #counts: StandingCounts;
  #view: ImageView;
  #live: EvidenceState;
  #pairs: EvidenceState;

  constructor(view: ImageView, columns: Columns, increments: BlockIncrements) {
    this.#columns = columns;
    this.#increments = increments;
    this.#counts = new StandingCounts(columns);
    this.#view = view;
    this.#live = evidenceState(view.evidence, increments);
    this.#pairs = evidenceState(view.pairEvidence, increments);
  }

  moveTo(view: ImageView): void {
    this.#view = view;
    this.#live = evidenceState(view.evidence, this.#increments);
    this.#pairs = evidenceState(view.pairEvidence, this.#increments);
  }

  /** The entry at `added` has been taken back. */
  forget(added: number): void {
    this.#counts.forget(added);
  }

  /** The evidence of a pattern's epoch anew, from all that stands at `position`, which the fold has reached. */
  replay(index: number, position: number): void {
    const view = this.#view;
    const subject = patternSubject(view, index);
    const { after } = subject;
    const N = float64At(view.header, HEADER.evidenceN);
    const S = float64At(view.header, HEADER.evidenceSuccesses);
    const start = this.#counts.at(after, position, N, S);
    startEvidence(view.evidence, index, start.N, start.S);
    if (after === 0) clearRecent(view, index);
    else readRecent(view, index, this.#columns, subject, position, position);
    const rarest = rarestFirst(view, subject);
    this.#counts.replay(rarest, this.#live, after === 0 ? view : null, index, position, N, S);
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
    if (prepared !== null || clipOf(this.#view) !== null) {
      for (const index of indexes) this.#replayAlone(index, through, asOf, prepared);
      return;
    }
    const view = this.#view;
    const columns = this.#columns;
    const counts = new StandingCounts(columns, asOf);
    const N = float64At(view.header, HEADER.evidenceN);
    const S = float64At(view.header, HEADER.evidenceSuccesses);
    const due = new Uint8Array(patternPlaces(view.layout));
    const together = indexes.length >= TOGETHER;
    for (const index of indexes) {
      const subject = patternSubject(view, index);
      const start = counts.at(subject.after, through, N, S);
      startEvidence(view.evidence, index, start.N, start.S);
      readRecent(view, index, columns, subject, through, asOf);
      if (together) due[index] = 1;
      else counts.replay(rarestFirst(view, subject), this.#live, null, index, through, N, S);
    }
    if (!together) return;
    const first = counts.at(0, through, N, S);
    replayTogether(view, columns, this.#live, due, through, asOf, first.N, first.S);
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
    for (let pair = 0; pair < pairPlaces(view.layout); pair += 1) {
      if (byteAt(view.pairKind, pair) === 0 || !isDue(float64At(view.pairFrozenAt, pair))) continue;
      resetPair(view, pair);
      prepared?.get(pairKey(view, pair))?.takePair(view, pair);
      advancePair(view, this.#columns, this.#pairs, pair, through, asOf);
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

/** The same subject with its rarest item first, so that most rows are left after one comparison. */
function rarestFirst(view: ImageView, subject: EvidenceSubject): EvidenceSubject {
  const items = subject.slots.map((slot, i) => {
    const code = subject.codes[i] ?? 0;
    const cell = cellOf(view, [slot], [code]);
    return { slot, code, n: cell < 0 ? Infinity : int32At(view.cells, cell * CELL_STRIDE) };
  });
  items.sort((a, b) => a.n - b.n);
  return { ...subject, slots: items.map(({ slot }) => slot), codes: items.map(({ code }) => code) };
}
