export { feedCursor } from './feed-cursor.ts';
export { readStatus } from './read-status.ts';
export { createSnapshotSource } from './read-snapshot.ts';
