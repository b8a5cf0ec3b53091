import { SILENT_MS, type InstanceStats, type InstanceView } from '#lib/contracts/instances.ts';
import { wilsonInterval } from '#domain/statistics/wilson-interval.ts';

export const isSilent = ({ silentMs }: InstanceView): boolean => silentMs > SILENT_MS;

/** All running servers taken together. */
export interface FeedFigures {
  servers: number;
  streams: number;
  polls: number;
  connections: { n: number; opened: number; rate: number | null; wilson: { low: number; high: number } };
  /** Of the slowest server: percentiles of several cannot be added. */
  latency: NonNullable<InstanceStats['latency']> | null;
  read: number;
  delivered: number;
  resets: Map<string, number>;
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
  const latencies = stats.flatMap(({ latency }) => (latency === null ? [] : [latency]));
  return {
    servers: stats.length,
    streams: sum((one) => one.streams),
    polls: sum((one) => one.polls),
    connections: { n, opened, rate: n === 0 ? null : opened / n, wilson: wilsonInterval(opened, n) },
    latency: latencies.sort((a, b) => b.p95 - a.p95)[0] ?? null,
    // Every server reads every event, so the sum would count each of them once a server.
    read: Math.max(0, ...stats.map((one) => one.read)),
    delivered: sum((one) => one.delivered),
    resets: sumByReason(stats.map((one) => one.resets)),
    goaways: sumByReason(stats.map((one) => one.goaways)),
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
};
export const resetWords = (reason: string): string => RESET_WORDS[reason] ?? reason;
export const goawayWords = (reason: string): string => GOAWAY_WORDS[reason] ?? reason;
