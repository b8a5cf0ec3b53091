import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import { startEvidence } from '../statistics/evidence-columns.ts';
import { type EvidenceState, evidenceState } from '../statistics/evidence-state.ts';
import { sumEvidence } from '../statistics/exact-evidence.ts';
import { clipOf } from './clip-of.ts';
import type { Columns } from './columns.ts';
import { patternSubject } from './evidence-subject.ts';
import { HEADER, type ImageView } from './fold-image.ts';
import { pairPlaces, patternPlaces } from './image-layout.ts';
import { resetJoints } from './joint-places.ts';
import { advancePair, pairState, resetPair } from './pair-places.ts';
import { clearRecent, readRecent } from './recent-results.ts';
import { replayEvidence, startCursor } from './replay-evidence.ts';
import type { StandingRows } from './standing-rows.ts';
import { startValueEvidence } from './value-evidence.ts';

/**
 * Gives patterns their evidence from the log instead of from the outcomes that pass: at births, in another mode, and
 * after so many corrections that it is cheaper. Part of one batch's fold.
 *
 * Whatever is read holds what stands as of `rows.asOf`, like the evidence of those that were there before: what was taken
 * back since leaves all of them at the same time.
 */
export class EvidenceReplays {
  readonly #rows: StandingRows;
  readonly #columns: Columns;
  readonly #increments: BlockIncrements;
  #view: ImageView;
  #live: EvidenceState;

  constructor(view: ImageView, columns: Columns, rows: StandingRows, increments: BlockIncrements) {
    this.#rows = rows;
    this.#columns = columns;
    this.#increments = increments;
    this.#view = view;
    this.#live = evidenceState(view.evidence, increments);
  }

  moveTo(view: ImageView): void {
    this.#view = view;
    this.#live = evidenceState(view.evidence, this.#increments);
  }

  /** The evidence of a pattern's epoch anew, up to `position`, which the fold has reached. */
  replay(index: number, position: number): void {
    const view = this.#view;
    const { header } = view;
    const subject = patternSubject(view, index);
    const { after } = subject;
    const since = after === 0 ? null : this.#rows.count(after, position);
    const n = since === null ? 0 : float64At(header, HEADER.evidenceN) - since.n;
    const successes = since === null ? 0 : float64At(header, HEADER.evidenceSuccesses) - since.successes;
    startEvidence(view.evidence, index, n, successes);
    if (after === 0) clearRecent(view, index);
    else readRecent(view, index, this.#rows, subject, position);
    const target = { state: this.#live, recent: after === 0 ? view : null };
    this.#rows.replay(subject, target, index, { position: after, n, successes }, position);
    this.replayValues(index, position);
  }

  /**
   * All evidence anew, up to `position`, which the fold has reached, without outcomes of which the last was added at
   * `lastAdded`. As where they are taken out one by one, the largest E² of what may have held one begins again. Cost: some
   * .2 µs a match of the whole log.
   */
  replayAll(position: number, lastAdded: number): void {
    const view = this.#view;
    const { evidence } = view;
    for (let index = 0; index < patternPlaces(view.layout); index += 1) {
      if (byteAt(view.depth, index) === 0) continue;
      const largest = float64At(evidence.maxLogETwoSided, index);
      this.replay(index, position);
      const { period, after } = patternSubject(view, index);
      const { logETwoSided } = sumEvidence(evidence, index, period);
      evidence.maxLogETwoSided[index] = lastAdded > after ? Math.max(0, logETwoSided) : largest;
    }
    const pairs = pairState(view, this.#increments);
    for (let pair = 0; pair < pairPlaces(view.layout); pair += 1) {
      const through = float64At(view.pairThrough, pair);
      if (byteAt(view.pairKind, pair) === 0) continue;
      resetPair(view, pair);
      advancePair(view, this.#rows, pairs, pair, through);
    }
    resetJoints(view);
  }

  /** The value evidence of a pattern's epoch anew, up to `position`. */
  replayValues(index: number, position: number): void {
    const view = this.#view;
    const { header, valueEvidence: values } = view;
    const clip = clipOf(view);
    if (values === null) return;
    startValueEvidence(values, index, 0, 0);
    if (clip === null) return;
    const subject = patternSubject(view, index);
    const cursor = startCursor(subject.after);
    const target = { state: null, values };
    replayEvidence(this.#columns, subject, target, index, cursor, position, this.#rows.asOf, clip);
    // From what the replay has counted to what everybody's counters hold.
    const { closedAtCount, closedAtSum } = values.bets;
    const count = float64At(header, HEADER.clippedCount) - cursor.valueCount;
    const sum = float64At(header, HEADER.clippedSum) - cursor.valueSum;
    closedAtCount[index] = int32At(closedAtCount, index) + count;
    closedAtSum[index] = float64At(closedAtSum, index) + sum;
    values.startCount[index] = count;
    values.startSum[index] = sum;
  }
}
