import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { PHASED_RUN } from '../statistics/close-block.ts';
import { trackedItems } from './cell-of.ts';
import { FLAG } from './flags.ts';
import type { ImageView } from './fold-image.ts';

/** A conjunction as items of the columns. */
export interface Items {
  readonly slots: readonly number[];
  readonly codes: readonly number[];
}

/**
 * What an e-process is about: the outcomes with these items against the rest, or, within a universe, against the
 * rest of that universe (STATISTICS §8, "evidence(P within U)").
 */
export interface EvidenceSubject extends Items {
  /** Only outcomes with (or, `outside`, without) these items are looked at; null: all. */
  readonly universe: (Items & { readonly outside: boolean }) | null;
  readonly period: boolean;
  /** Of a block, in outcomes of its own; see closeBlock. */
  readonly longestRun: number;
  /** Position after which its evidence begins. */
  readonly after: number;
}

/** How long a run of a pattern's own outcomes one block may hold. */
export function longestRunOf(view: ImageView, index: number): number {
  return byteAt(view.phased, index) === 1 ? PHASED_RUN : Infinity;
}

/** Kinds of pairs; 0 in the image marks a free place. */
export const PAIR = { childWithinParent: 1, parentWithoutChild: 2 } as const;

export function patternSubject(view: ImageView, index: number): EvidenceSubject {
  // Written out: a swap makes one of each pattern, and to spread an object takes longer than all the rest.
  const { slots, codes } = trackedItems(view, index);
  return {
    slots,
    codes,
    universe: null,
    period: (byteAt(view.flags, index) & FLAG.period) !== 0,
    longestRun: longestRunOf(view, index),
    after: view.epochAt[index] ?? 0,
  };
}

/** The pattern that a pair is about: the one whose outcomes are compared with the rest of the universe. */
export function pairAbout(view: ImageView, pair: number): number {
  const about = byteAt(view.pairKind, pair) === PAIR.childWithinParent ? view.pairChild : view.pairParent;
  return int32At(about, pair);
}

/**
 * A pair compares the child within its parent, or what is left of the parent within everything but the child. It
 * is bound to time where the items that tell pattern from rest are.
 *
 * Its evidence begins with the epoch of the pattern that it is about: what was found before a change is not asked to
 * speak for what is found since (STATISTICS §6). The epoch of the other, which only chooses the outcomes that are
 * looked at, has no say: among those of one universe, whatever has changed about it, pattern and rest are compared at the
 * same time.
 */
export function pairSubject(view: ImageView, pair: number): EvidenceSubject {
  const after = float64At(view.epochAt, pairAbout(view, pair));
  const child = trackedItems(view, int32At(view.pairChild, pair));
  const parent = trackedItems(view, int32At(view.pairParent, pair));
  const timed = (slots: readonly number[]) => slots.some((slot) => byteAt(view.slotPeriod, slot) === 1);
  const phased = (slots: readonly number[]) =>
    slots.some((slot) => byteAt(view.slotPeriod, slot) === 2) ? PHASED_RUN : Infinity;
  if (byteAt(view.pairKind, pair) === PAIR.childWithinParent) {
    const own = child.slots.filter((slot) => !parent.slots.includes(slot));
    const longestRun = phased(own);
    return { ...child, universe: { ...parent, outside: false }, period: timed(own), longestRun, after };
  }
  const { slots } = parent;
  const universe = { ...child, outside: true };
  return { ...parent, universe, period: timed(slots), longestRun: phased(slots), after };
}
