import type { Result } from '#domain/outcomes/results.ts';

const WORDS: Record<Result, string> = { success: 'converted', failure: 'not converted', neutral: 'neutral' };

/** What a result is called in a sentence. */
export const resultWord = (result: Result): string => WORDS[result];

/** The same at the start of a line. */
export function resultLabel(result: Result): string {
  const word = WORDS[result];
  return word.charAt(0).toUpperCase() + word.slice(1);
}
