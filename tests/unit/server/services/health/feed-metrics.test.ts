import { describe, expect, it } from 'vitest';
import type { FeedStats } from '#lib/server/app.ts';
import { Durations } from '#lib/server/feed/counters.ts';
import { feedMetricsText } from '#lib/server/services/health/feed-metrics.ts';

function stats(): FeedStats {
  const latency = new Durations();
  for (const ms of [1, 6, 6, 70_000, -3]) latency.add(ms);
  const established = new Durations();
  established.add(8);
  return {
    streams: 3,
    polls: 1,
    opened: { stream: 30, poll: 10 },
    refused: 0,
    read: 7,
    joined: 14,
    delivered: 21,
    deliveredBytes: 2_100,
    coalesced: 2,
    replays: 4,
    snapshots: { built: 1, sent: 5 },
    head: 'ep0ch-7',
    ringEvents: 7,
    ringBytes: 700,
    resets: { slow: 2, 'too-much': 1 },
    goaways: {},
    failed: 6,
    slowestLagMs: 1_500,
    latency: latency.read(),
    resume: new Durations().read(),
    established: established.read(),
    sequencing: true,
  };
}

describe('the figures of the feed for Prometheus', () => {
  const lines = feedMetricsText(stats()).trimEnd().split('\n');
  const valueOf = (name: string) => lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1];

  it('are in its text format, each with help and type before its samples', () => {
    const known = new Set<string>();
    for (const line of lines) {
      const heading = /^# (?:HELP|TYPE) (\S+) .+$/.exec(line)?.[1];
      if (heading !== undefined) known.add(heading);
      const sample = /^([a-z_]+)(?:\{[a-z]+="[^"]+"\})? -?[0-9.e+]+$/.exec(line)?.[1];
      expect(heading ?? sample, line).toBeDefined();
      if (sample !== undefined)
        expect(known.has(sample) || known.has(sample.replace(/_(bucket|sum|count)$/, '')), line).toBe(true);
    }
  });

  it('say what the feed says', () => {
    expect(valueOf('telltale_feed_streams{transport="poll"}')).toBe('1');
    expect(valueOf('telltale_feed_resets_total{reason="too-much"}')).toBe('1');
    expect(valueOf('telltale_feed_failed_total')).toBe('6');
    expect(valueOf('telltale_feed_encoded_total')).toBe('7');
    expect(valueOf('telltale_feed_slowest_lag_seconds')).toBe('1.5');
    expect(valueOf('telltale_feed_delivered_bytes_total')).toBe('2100');
    expect(valueOf('telltale_feed_establish_seconds_count')).toBe('1');
  });

  it('add the buckets of a histogram up, and take a clock that is behind for no time at all', () => {
    const name = 'telltale_feed_delivery_seconds';
    expect(valueOf(`${name}_bucket{le="0.005"}`)).toBe('2');
    expect(valueOf(`${name}_bucket{le="0.01"}`)).toBe('4');
    expect(valueOf(`${name}_bucket{le="10"}`)).toBe('4');
    expect(valueOf(`${name}_bucket{le="+Inf"}`)).toBe('5');
    expect(valueOf(`${name}_count`)).toBe('5');
    expect(Number(valueOf(`${name}_sum`))).toBeCloseTo(70.013, 6);
  });
});
