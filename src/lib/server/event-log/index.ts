export { appendEvents, appendToAll, insertEvents, type FeedEvent } from './append-events.ts';
export { createDoorbell, type DoorbellService } from './doorbell.ts';
export { newEpoch, readCursor, readHead, type FeedHead } from './head.ts';
export { renewEpoch } from './lineage.ts';
export { createPartitionKeeper, ensurePartitions, type PartitionKeeper } from './partitions.ts';
export { createSequencer, type Sequencer } from './sequencer.ts';
export {
  readAfter,
  readMatching,
  readOldest,
  readReach,
  type Reach,
  type ReadFilter,
  type SequencedEvent,
  type StoredEvent,
} from './read-after.ts';
export { createWaker, type Waker } from './waker.ts';
export { within } from './within.ts';
