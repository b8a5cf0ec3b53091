/** The feed's clocks, in milliseconds where nothing else is said. Tests make them shorter. */
export interface FeedTimings {
  /** Events that arrive within this time after a write go out in one write. */
  windowMs: number;
  /** Between two `cursor` events of a stream, ±10 %. */
  beatMs: number;
  /** Longest life of a stream (times 0.8 to 1): bounds how stale a permission can get, and spreads reconnects. */
  maxAgeMs: number;
  /** Between two looks at whether readers may still read. */
  recheckMs: number;
  /** Between two looks at the outbox when no doorbell rang. */
  pollMs: number;
  /** How long a client that is ahead of this instance waits for it to catch up. */
  futureMs: number;
  /** How long a goodbye may take for a client that does not read. */
  goodbyeMs: number;
  /** Goodbyes a second when the instance stops, so that its readers do not all come to the others at once … */
  goodbyesPerSecond: number;
  /** … and how long they may be spread at most. */
  drainMs: number;
  /** A reader that had not everything for so long, or is so many bytes behind, gets changes of one key as one. */
  slowMs: number;
  slowBytes: number;
  /** How long a snapshot is shared with those who come after, while nothing happens. */
  snapshotMs: number;
}

export const FEED_TIMINGS: FeedTimings = {
  windowMs: 20,
  beatMs: 15_000,
  maxAgeMs: 600_000,
  recheckMs: 10_000,
  pollMs: 1_000,
  futureMs: 2_000,
  goodbyeMs: 700,
  goodbyesPerSecond: 1_000,
  drainMs: 8_000,
  slowMs: 10_000,
  slowBytes: 4 * 1024 * 1024,
  snapshotMs: 1_000,
};
