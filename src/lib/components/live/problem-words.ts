import type { FeedProblem } from '#lib/live/connection.ts';

/** Why nothing comes any more, in words. */
export const PROBLEM_WORDS: Record<FeedProblem, string> = {
  unauthenticated: 'Your session has ended.',
  forbidden: 'You no longer have access to this workspace.',
  'not-found': 'This workspace is not there any more, or you have no access to it.',
  'bad-request': 'This page does not fit the server any more.',
};
