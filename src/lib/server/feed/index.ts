export { createFeedHub, type FeedHub } from './hub.ts';
export { streamProblem } from './stream-problem.ts';
