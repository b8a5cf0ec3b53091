import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import { startEvidence } from '../statistics/evidence-columns.ts';
import { type EvidenceState, evidenceState } from '../statistics/evidence-state.ts';
import { sumEvidence } from '../statistics/exact-evidence.ts';
import { pairAbout, pairSubject } from './evidence-subject.ts';
import type { ImageView } from './fold-image.ts';
import { pairPlaces } from './image-layout.ts';
import type { StandingRows } from './standing-rows.ts';

/** Frees the pairs that a pattern is part of. */
export function freePairsOf(view: ImageView, index: number): void {
  freePairs(
    view,
    (pair) => int32At(view.pairChild, pair) === index || int32At(view.pairParent, pair) === index,
  );
}

/** Frees the pairs for which `gone` says so. */
export function freePairs(view: ImageView, gone: (pair: number) => boolean): void {
  for (let pair = 0; pair < pairPlaces(view.layout); pair += 1) {
    if (byteAt(view.pairKind, pair) === 0 || !gone(pair)) continue;
    view.pairKind[pair] = 0;
    resetPair(view, pair);
    view.pairChild[pair] = 0;
    view.pairParent[pair] = 0;
  }
}

/** Begins the pairs anew that are about a pattern. */
export function resetPairsAbout(view: ImageView, index: number): void {
  for (let pair = 0; pair < pairPlaces(view.layout); pair += 1) {
    if (byteAt(view.pairKind, pair) !== 0 && pairAbout(view, pair) === index) resetPair(view, pair);
  }
}

/** A pair that has seen nothing of the epoch of the pattern that it is about. */
export function resetPair(view: ImageView, pair: number): void {
  const isFree = byteAt(view.pairKind, pair) === 0;
  view.pairThrough[pair] = isFree ? 0 : float64At(view.epochAt, pairAbout(view, pair));
  view.pairN[pair] = 0;
  view.pairSuccesses[pair] = 0;
  startEvidence(view.pairEvidence, pair, 0, 0);
}

/** What pairs are fed with: their evidence is looked at once, after the last outcome, so it is summed only then. */
export function pairState(view: ImageView, increments: BlockIncrements): EvidenceState {
  return evidenceState(view.pairEvidence, increments, false);
}

/** Feeds a pair with the log up to `through`. `state`: see pairState. */
export function advancePair(
  view: ImageView,
  rows: StandingRows,
  state: EvidenceState,
  pair: number,
  through: number,
): void {
  const cursor = {
    position: float64At(view.pairThrough, pair),
    n: int32At(view.pairN, pair),
    successes: int32At(view.pairSuccesses, pair),
  };
  const subject = pairSubject(view, pair);
  rows.replay(subject, { state, recent: null }, pair, cursor, through);
  sumEvidence(view.pairEvidence, pair, subject.period);
  view.pairThrough[pair] = cursor.position;
  view.pairN[pair] = cursor.n;
  view.pairSuccesses[pair] = cursor.successes;
}

/**
 * The pairs of an image by their patterns, during one batch: finds their places, and the lowest free one for a new
 * pair.
 */
export class PairPlaces {
  readonly #view: ImageView;
  readonly #byKey = new Map<number, number>();
  /** No place below it is free. */
  #free = 0;

  constructor(view: ImageView) {
    this.#view = view;
    for (let pair = 0; pair < pairPlaces(view.layout); pair += 1) {
      const kind = byteAt(view.pairKind, pair);
      if (kind === 0) continue;
      this.#byKey.set(keyOf(kind, int32At(view.pairChild, pair), int32At(view.pairParent, pair)), pair);
    }
  }

  /** The pair's place, made where there is none yet; -1 where all places are taken. */
  place(kind: number, child: number, parent: number): number {
    const key = keyOf(kind, child, parent);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const view = this.#view;
    const pairs = pairPlaces(view.layout);
    while (this.#free < pairs && byteAt(view.pairKind, this.#free) !== 0) this.#free += 1;
    if (this.#free >= pairs) return -1;
    const pair = this.#free;
    view.pairKind[pair] = kind;
    view.pairChild[pair] = child;
    view.pairParent[pair] = parent;
    resetPair(view, pair);
    this.#byKey.set(key, pair);
    return pair;
  }
}

function keyOf(kind: number, child: number, parent: number): number {
  return (child * 65_536 + parent) * 2 + kind - 1;
}
