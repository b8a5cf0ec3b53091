import type { ImageView } from './fold-image.ts';
import type { Side } from './standing-side.ts';

export const EFFECT_KINDS = [
  /** Confidence .8 reached. */
  'emerging',
  /** Confidence below .5 again. */
  'lost',
  /** Online e-BH. */
  'confirmed',
  /** Confirmed, and confidence below .5 or a change alarm. */
  'weakening',
  /** From weakening back to confirmed. */
  'strengthened',
  'change-up',
  'change-down',
  /** Compared by period from here on, or at the same time again: what was said of it falls. */
  'period',
  'concurrent',
  /** Evidence without retracted outcomes took the place of the former. */
  'recounted',
  /** Support has admitted a pinned pattern: its evidence now holds the whole log, if no change alarm has begun it anew. */
  'supported',
  'pinned',
  'unpinned',
  'retired',
  'resumed',
  /** Left its place: for patterns with more outcomes, or because its table no longer fits, or nobody watches it. */
  'evicted',
] as const;
export type EffectKind = (typeof EFFECT_KINDS)[number];

/** After these its evidence is another; their side is the one on which it stood until then, or else the stronger. */
export const EPOCH_ENDS: readonly EffectKind[] = [
  'change-up',
  'change-down',
  'period',
  'concurrent',
  'evicted',
];

/** Where the pattern of an effect is now, since a place may change hands; -1 where it has none any more. */
export function indexOfEffect({ ordinal }: ImageView, effect: FoldEffect): number {
  return ordinal[effect.index] === effect.ordinal ? effect.index : ordinal.indexOf(effect.ordinal);
}

/** Something that became true of a pattern at one position, in the order in which it did. */
export interface FoldEffect {
  readonly position: number;
  readonly index: number;
  /** Number of the pattern's birth. */
  readonly ordinal: number;
  readonly kind: EffectKind;
  readonly side: Side;
  /** Logarithm of the e-value of that side, and the pattern's counts in its epoch, when it happened. */
  readonly logE: number;
  readonly n: number;
  readonly successes: number;
}
