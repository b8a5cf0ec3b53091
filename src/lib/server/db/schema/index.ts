export * from './audit.ts';
export * from './feed.ts';
export * from './flags.ts';
export * from './identity.ts';
export * from './learning.ts';
export * from './outcomes.ts';
export * from './journeys.ts';
export * from './snapshots.ts';
