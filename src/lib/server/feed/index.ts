export { createFeedHub, type FeedHub } from './hub.ts';
