export { feedCursor } from './feed-cursor.ts';
