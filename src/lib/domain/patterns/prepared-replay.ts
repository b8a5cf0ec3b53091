import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import { copyEvidence } from '../statistics/evidence-columns.ts';
import { evidenceState } from '../statistics/evidence-state.ts';
import type { Columns } from './columns.ts';
import { type EvidenceSubject, type Items, pairSubject, patternSubject } from './evidence-subject.ts';
import { type FoldImage, HEADER, type ImageView, openImage } from './fold-image.ts';
import { pairPlaces, patternPlaces } from './image-layout.ts';
import { replayEvidence, type ReplayCursor } from './replay-evidence.ts';
import {
  openReplay,
  readCursor,
  type ReplayPlaces,
  type ReplaySubject,
  replayWork,
  type ReplayWork,
  writeCursor,
} from './replay-places.ts';
import { clipOf } from './clip-of.ts';
import { copyValueEvidence } from './value-evidence.ts';

/** Name of a pattern's replay: its birth number, which is never given again. */
export function patternKey(view: ImageView, index: number): string {
  return String(int32At(view.ordinal, index));
}

/** Name of a pair's replay. */
export function pairKey(view: ImageView, pair: number): string {
  const child = int32At(view.ordinal, int32At(view.pairChild, pair));
  return `${byteAt(view.pairKind, pair)}/${child}/${int32At(view.ordinal, int32At(view.pairParent, pair))}`;
}

/** What is frozen in an image and waits for its replay; null: nothing. */
export function frozenReplays(image: FoldImage): ReplayWork | null {
  const view = openImage(image);
  const subjects: ReplaySubject[] = [];
  for (let index = 0; index < patternPlaces(view.layout); index += 1) {
    if (float64At(view.frozenAt, index) === 0) continue;
    subjects.push({ ...patternSubject(view, index), key: patternKey(view, index) });
  }
  for (let pair = 0; pair < pairPlaces(view.layout); pair += 1) {
    if (byteAt(view.pairKind, pair) === 0 || float64At(view.pairFrozenAt, pair) === 0) continue;
    subjects.push({ ...pairSubject(view, pair), key: pairKey(view, pair) });
  }
  // What is compared jointly is read again after the swap, when it is next asked for.
  return subjects.length === 0 && !view.jointFrozenAt.some((at) => at !== 0)
    ? null
    : replayWork(subjects, float64At(view.header, HEADER.position), clipOf(view));
}

/** Rows of the log that a subject reads before it looks at the clock. */
const ROWS_AT_ONCE = 8_192;

/**
 * Carries a replay on until it is done, true, or the time is over, false. The work's buffer holds everything, so
 * that any thread can go on.
 */
export function carryReplayOn(
  work: ReplayWork,
  columns: Columns,
  increments: BlockIncrements,
  isOver: () => boolean,
): boolean {
  const places = openReplay(work);
  const target = {
    state: evidenceState(places.evidence, increments),
    values: places.values,
  };
  for (let i = 0; i < work.subjects.length; i += 1) {
    const subject = work.subjects[i];
    if (subject === undefined) continue;
    const cursor = readCursor(places.cursors, i);
    while (cursor.position < work.through) {
      const until = Math.min(work.through, cursor.position + ROWS_AT_ONCE);
      replayEvidence(columns, subject, target, i, cursor, until, work.through, work.clip);
      writeCursor(places.cursors, i, cursor);
      if (isOver()) return false;
    }
  }
  return true;
}

/** One subject's finished replay, to be taken over by the live columns. */
export class PreparedReplay {
  readonly #places: ReplayPlaces;
  readonly #subject: ReplaySubject;
  readonly #index: number;

  constructor(places: ReplayPlaces, subject: ReplaySubject, index: number) {
    this.#places = places;
    this.#subject = subject;
    this.#index = index;
  }

  /** Where the replay has come to; null, with nothing taken, where the pattern is not what it was. */
  takePattern(view: ImageView, index: number, subject: EvidenceSubject): ReplayCursor | null {
    if (!isSame(subject, this.#subject)) return null;
    const { evidence, values, cursors } = this.#places;
    copyEvidence(evidence, this.#index, view.evidence, index);
    if (view.valueEvidence !== null) copyValueEvidence(values, this.#index, view.valueEvidence, index);
    return readCursor(cursors, this.#index);
  }

  takePair(view: ImageView, pair: number): void {
    if (!isSame(pairSubject(view, pair), this.#subject)) return;
    copyEvidence(this.#places.evidence, this.#index, view.pairEvidence, pair);
    const { position, n, successes } = readCursor(this.#places.cursors, this.#index);
    view.pairThrough[pair] = position;
    view.pairN[pair] = n;
    view.pairSuccesses[pair] = successes;
  }
}

function isSame(a: EvidenceSubject, b: EvidenceSubject): boolean {
  return (
    a.after === b.after &&
    a.period === b.period &&
    a.longestRun === b.longestRun &&
    a.universe?.outside === b.universe?.outside &&
    haveSameItems(a, b) &&
    haveSameItems(a.universe, b.universe)
  );
}

function haveSameItems(a: Items | null, b: Items | null): boolean {
  const items = (of: Items | null) => of?.slots.map((slot, i) => `${slot}=${of.codes[i]}`).join();
  return items(a) === items(b);
}

export function preparedReplays(work: ReplayWork): ReadonlyMap<string, PreparedReplay> {
  const places = openReplay(work);
  return new Map(work.subjects.map((subject, i) => [subject.key, new PreparedReplay(places, subject, i)]));
}
