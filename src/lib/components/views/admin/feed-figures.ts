import { SILENT_MS, type InstanceStats, type InstanceView } from '#lib/contracts/instances.ts';
import { wilsonInterval } from '#domain/statistics/wilson-interval.ts';

export const isSilent = ({ silentMs }: InstanceView): boolean => silentMs > SILENT_MS;

/** Times by bucket, whose upper bounds are seconds. */
type Buckets = InstanceStats['latency'];

export interface Latency {
  n: number;
  /** Seconds that at least half, and 95 %, took at most; infinite above the last bound, null without any. */
  p50: number | null;
  p95: number | null;
}

/** Buckets of several servers add up; another version's bounds are left out. */
export function latencyOf(all: readonly Buckets[]): Latency {
  const bounds = all.find((one) => one.bounds.length > 0)?.bounds ?? [];
  const same = all.filter((one) => one.bounds.join() === bounds.join());
  const counts = [...bounds, Number.POSITIVE_INFINITY].map((bound, i) => ({
    bound,
    count: same.reduce((sum, one) => sum + (one.counts[i] ?? 0), 0),
  }));
  const n = counts.reduce((sum, { count }) => sum + count, 0);
  const quantile = (share: number) => {
    let seen = 0;
    return n === 0 ? null : (counts.find(({ count }) => (seen += count) >= share * n)?.bound ?? null);
  };
  return { n, p50: quantile(0.5), p95: quantile(0.95) };
}

/** `≤ 20 ms`, `≤ 1 s`, `> 10 s`: a bucket says no more. */
export function latencyWords(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds === Number.POSITIVE_INFINITY) return '> 10 s';
  return seconds < 1 ? `≤ ${Math.round(seconds * 1_000)} ms` : `≤ ${seconds} s`;
}

/** All running servers taken together. */
export interface FeedFigures {
  servers: number;
  streams: number;
  polls: number;
  connections: { n: number; opened: number; rate: number | null; wilson: { low: number; high: number } };
  latency: Latency;
  established: Latency;
  read: number;
  delivered: number;
  /** All together, each server since its beat before. */
  bytesPerSecond: number;
  resets: Map<string, number>;
  /** With those that ended without a word, because something failed. */
  goaways: Map<string, number>;
}

function sumByReason(all: readonly Record<string, number>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const one of all) {
    for (const [reason, count] of Object.entries(one)) sums.set(reason, (sums.get(reason) ?? 0) + count);
  }
  return new Map([...sums].sort((a, b) => b[1] - a[1]));
}

export function feedFigures(instances: readonly InstanceView[]): FeedFigures {
  const stats = instances.filter((instance) => !isSilent(instance)).map((instance) => instance.stats);
  const sum = (of: (one: InstanceStats) => number) => stats.reduce((total, one) => total + of(one), 0);
  const opened = sum((one) => one.opened);
  const n = opened + sum((one) => one.refused);
  return {
    servers: stats.length,
    streams: sum((one) => one.streams),
    polls: sum((one) => one.polls),
    connections: { n, opened, rate: n === 0 ? null : opened / n, wilson: wilsonInterval(opened, n) },
    latency: latencyOf(stats.map((one) => one.latency)),
    established: latencyOf(stats.map((one) => one.established)),
    // Every server reads every event, so the sum would count each of them once a server.
    read: Math.max(0, ...stats.map((one) => one.read)),
    delivered: sum((one) => one.delivered),
    bytesPerSecond: sum((one) => one.bytesPerSecond),
    resets: sumByReason(stats.map((one) => one.resets)),
    goaways: sumByReason(
      stats.map(({ goaways, failed }) => (failed === 0 ? goaways : { ...goaways, failed })),
    ),
  };
}

const RESET_WORDS: Record<string, string> = {
  expired: 'Away for longer than events are kept',
  epoch: 'The database was restored or replaced',
  future: 'Ahead of this server for too long',
  'bad-cursor': 'Came with a position that was never given out',
  scope: 'May read other things than before',
  slow: 'Read too slowly',
  'too-much': 'Missed more than is replayed',
};
const GOAWAY_WORDS: Record<string, string> = {
  deploy: 'The server was stopping',
  'max-age': 'Reached the age at which a stream is renewed',
  'too-many': 'Too many streams, or too many opened at once',
  revoked: 'Key, session or membership ended',
  off: 'Streaming was switched off for them',
  unavailable: 'The database could not be reached, or something failed here',
  failed: 'Something failed while it was open; the log says what',
};
export const resetWords = (reason: string): string => RESET_WORDS[reason] ?? reason;
export const goawayWords = (reason: string): string => GOAWAY_WORDS[reason] ?? reason;
