/** State of the connection as src/lib/live tells it. */
export type FeedState =
  'connecting' | 'live' | 'catching-up' | 'reconnecting' | 'polling' | 'offline' | 'paused' | 'off';

export type BadgeState =
  'live' | 'catching' | 'stale' | 'polling' | 'offline' | 'paused' | 'connecting' | 'still' | 'off';

/** More than one small batch waiting is worth a word; fewer is the ordinary course of recording. */
export const CATCHING_UP_FROM = 200;

const WORDS: Record<BadgeState, string> = {
  live: 'Live',
  catching: 'Catching up',
  stale: 'Reconnecting',
  polling: 'Polling every 5 s',
  offline: 'Offline',
  paused: 'Paused',
  connecting: 'Connecting',
  still: 'Not live',
  off: 'Off',
};

/** What the badge shows: a shape and a word, never the colour alone. `enabled`: the person wants live updates. */
export function badgeOf(
  feed: FeedState,
  waiting: number,
  enabled = true,
): { state: BadgeState; word: string } {
  const state = enabled ? stateOf(feed, waiting) : 'off';
  return { state, word: WORDS[state] };
}

function stateOf(feed: FeedState, waiting: number): BadgeState {
  switch (feed) {
    case 'live':
      return waiting >= CATCHING_UP_FROM ? 'catching' : 'live';
    case 'catching-up':
      // Events are on their way though nothing waits to be counted: the end of connecting, not a backlog.
      return waiting > 0 ? 'catching' : 'connecting';
    case 'reconnecting':
      return 'stale';
    case 'off':
      return 'still';
    default:
      return feed;
  }
}
