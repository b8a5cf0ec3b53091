import type { PatternView } from '#lib/contracts/pattern.ts';

const WORDS: Record<PatternView['status'], string> = {
  collecting: 'Collecting',
  emerging: 'Emerging',
  confirmed: 'Confirmed',
  weakening: 'Weakening',
  retired: 'Retired',
  untracked: 'Not tracked',
};

/** Direction belongs to evidence: without any it is not said. */
export const isBelow = (pattern: Pick<PatternView, 'direction'>): boolean => pattern.direction === 'worse';

export const statusWords = (status: PatternView['status'], below = false): string =>
  below && status !== 'collecting' && status !== 'untracked' ? `${WORDS[status]} below` : WORDS[status];
