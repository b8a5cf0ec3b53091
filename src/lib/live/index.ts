export {
  LiveFeed,
  provideLiveFeed,
  useLiveFeed,
  type LiveFeedOptions,
  type LiveState,
} from './live-feed.svelte.ts';
export { LiveActivity, liveActivity } from './live-activity.svelte.ts';
export { LiveImports, liveImports } from './live-imports.svelte.ts';
export { LiveMetrics, liveMetrics } from './live-metrics.svelte.ts';
export { LiveOutcomes, liveOutcomes } from './live-outcomes.svelte.ts';
export { LivePatterns, livePatterns } from './live-patterns.svelte.ts';
export type { Others } from './people-here.ts';
export { LivePresence, livePresence, type LivePresenceOptions } from './live-presence.svelte.ts';
export { LiveStanding, liveStanding } from './live-standing.svelte.ts';
