import { RESULTS, type Result } from '#domain/outcomes/results.ts';
import type { OptimisticOutcome } from '#lib/live/offline/index.ts';

/** The result that was chosen; null when none was, so that the outcome could not be sent. */
export const resultOf = (written: string): Result | null =>
  RESULTS.find((result) => result === written) ?? null;

const WORDS: Record<OptimisticOutcome['state'], string> = {
  waiting: 'waiting to be sent',
  held: 'not sent, needs a look',
  sent: 'not counted yet',
};

/** What is said in place of a position, which only the log gives. */
export const stateWord = (state: OptimisticOutcome['state']): string => WORDS[state];
