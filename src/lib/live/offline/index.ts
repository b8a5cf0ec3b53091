export type { OptimisticOutcome } from './beside.ts';
export { OfflineQueue, provideOfflineQueue, useOfflineQueue, type Recorded } from './offline-queue.svelte.ts';
export type { Trouble, UnsentOutcome } from './unsent-outcome.ts';
