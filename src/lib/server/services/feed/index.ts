export { feedCursor } from './feed-cursor.ts';
export { beginEpoch } from './begin-epoch.ts';
export { readStatus } from './read-status.ts';
export { createSnapshotSource } from './read-snapshot.ts';
