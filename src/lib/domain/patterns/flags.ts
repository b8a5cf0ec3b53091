/** Bits of a pattern's flags. */
export const FLAG = {
  pinned: 1,
  retired: 2,
  emergingBetter: 4,
  emergingWorse: 8,
  confirmedBetter: 16,
  confirmedWorse: 32,
  /** A change alarm has begun this epoch, and nothing has emerged in it yet. */
  changed: 64,
  /** Compared by period: one of its attributes is bound to time. */
  period: 128,
} as const;

export const EMERGING = FLAG.emergingBetter | FLAG.emergingWorse;
export const CONFIRMED = FLAG.confirmedBetter | FLAG.confirmedWorse;

/** Why a pattern is explained by another; the image stores the index. */
export const REASONS = [
  null,
  /** Nearly the same outcomes, in more words. */
  'closed',
  /** Among the outcomes of the simpler pattern its own condition adds nothing. */
  'restates',
  /** Without the outcomes of the narrower pattern nothing is left of it. */
  'only-its-child',
  /** Mostly the same outcomes as a stronger pattern. */
  'overlaps',
  /** Only the other side of a stronger pattern: among everything but that one it is like the rest. */
  'mirrors',
  /** Among outcomes that are alike in the other leaders, taken together, nothing of it is left. */
  'jointly',
  /** Neither among the outcomes of a stronger pattern nor among everything but those does it stand out. */
  'shadows',
  /** It has all conditions of a simpler pattern, and no place was free to ask whether its own one adds anything. */
  'not-compared',
] as const;
export type Reason = Exclude<(typeof REASONS)[number], null>;

export const STATUSES = ['collecting', 'emerging', 'confirmed', 'weakening', 'retired'] as const;
export type Status = (typeof STATUSES)[number];

/**
 * Status of a pattern (FINE-PRINT 21): confirmed is sticky within an epoch, and weakens while its direction has
 * lost confidence .5 and not regained .8, or after a change alarm until something emerges again.
 */
export function statusOf(flags: number): Status {
  if (flags & FLAG.retired) return 'retired';
  const heldBetter = (flags & FLAG.confirmedBetter) !== 0 && (flags & FLAG.emergingBetter) !== 0;
  const heldWorse = (flags & FLAG.confirmedWorse) !== 0 && (flags & FLAG.emergingWorse) !== 0;
  if (heldBetter || heldWorse) return 'confirmed';
  if (flags & CONFIRMED) return 'weakening';
  if (flags & EMERGING) return 'emerging';
  return flags & FLAG.changed ? 'weakening' : 'collecting';
}
