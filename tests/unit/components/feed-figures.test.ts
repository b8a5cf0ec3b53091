import { describe, expect, it } from 'vitest';
import { feedFigures, goawayWords, latencyWords } from '#lib/components/views/admin/feed-figures.ts';
import { instanceStatsSchema, type InstanceStats, type InstanceView } from '#lib/contracts/instances.ts';
import { parseSwitch, switchWords } from '#lib/format/switch.ts';

const server = (stats: Partial<InstanceStats>, silentMs = 100): InstanceView => ({
  name: 'one',
  startedAt: '2026-01-01T00:00:00.000Z',
  beatAt: '2026-01-01T00:00:00.000Z',
  silentMs,
  stats: instanceStatsSchema.parse(stats),
});

describe('the figures of all servers together', () => {
  it('have streams that failed among those that were ended, where there are any', () => {
    const figures = feedFigures([
      server({ goaways: { off: 2 }, failed: 3 }),
      server({ failed: 1 }),
      server({ goaways: { off: 1 } }),
    ]);
    expect([...figures.goaways]).toEqual([
      ['failed', 4],
      ['off', 3],
    ]);
    expect(goawayWords('failed')).toContain('failed');
    expect([...feedFigures([server({})]).goaways]).toEqual([]);
  });

  it('add up readers, deliveries and reasons, and leave out who is silent', () => {
    const figures = feedFigures([
      server({
        streams: 3,
        polls: 1,
        delivered: 10,
        read: 5,
        bytesPerSecond: 800,
        goaways: { deploy: 1, off: 4 },
      }),
      server({ streams: 4, delivered: 7, read: 6, bytesPerSecond: 700, goaways: { off: 2 } }),
      server({ streams: 99, delivered: 99, read: 99, bytesPerSecond: 99, goaways: { off: 99 } }, 11_000),
    ]);
    expect(figures).toMatchObject({
      servers: 2,
      streams: 7,
      polls: 1,
      delivered: 17,
      read: 6,
      bytesPerSecond: 1_500,
    });
    expect([...figures.goaways]).toEqual([
      ['off', 6],
      ['deploy', 1],
    ]);
  });

  it('give a rate with its n and interval, none before anybody asked', () => {
    expect(feedFigures([server({})]).connections).toMatchObject({ n: 0, rate: null });
    const { connections } = feedFigures([server({ opened: 90, refused: 5 }), server({ opened: 5 })]);
    expect(connections).toMatchObject({ n: 100, opened: 95, rate: 0.95 });
    expect(connections.wilson.low).toBeGreaterThan(0.88);
    expect(connections.wilson.high).toBeLessThan(0.98);
  });

  it('add up times by bucket, and say no more than a bucket does', () => {
    const bounds = [0.005, 0.02, 1];
    const { latency } = feedFigures([
      server({ latency: { bounds, counts: [60, 30, 0, 0] } }),
      server({ latency: { bounds, counts: [0, 4, 6, 0] } }),
      server({ latency: { bounds: [7], counts: [1_000, 0] } }),
      server({}),
    ]);
    expect(latency).toEqual({ n: 100, p50: 0.005, p95: 1 });
    expect(feedFigures([]).latency).toEqual({ n: 0, p50: null, p95: null });
    expect(feedFigures([server({ latency: { bounds, counts: [0, 0, 0, 1] } })]).latency.p95).toBe(Infinity);
    const { established } = feedFigures([
      server({ established: { bounds, counts: [99, 0, 1, 0] } }),
      server({ established: { bounds, counts: [0, 10, 0, 0] } }),
    ]);
    expect(established).toEqual({ n: 110, p50: 0.005, p95: 0.02 });
    expect([0.02, 1, Infinity, null].map(latencyWords)).toEqual(['≤ 20 ms', '≤ 1 s', '> 10 s', '–']);
  });

  it('name reasons that are new as they are', () => {
    expect(goawayWords('off')).toBe('Streaming was switched off for them');
    expect(goawayWords('later')).toBe('later');
  });
});

describe('a switch in words', () => {
  it('says off for nobody, whichever way', () => {
    expect(switchWords({ on: true, percent: 100 })).toBe('on for everybody');
    expect(switchWords({ on: true, percent: 25 })).toBe('on for 25% of users and keys');
    expect(switchWords({ on: true, percent: 0 })).toBe('off');
    expect(switchWords({ on: false, percent: 100 })).toBe('off');
    expect(['on', 'off', '25', ' 25% ', '0'].map(parseSwitch)).toEqual([
      { on: true, percent: 100 },
      { on: false, percent: 100 },
      { on: true, percent: 25 },
      { on: true, percent: 25 },
      { on: true, percent: 0 },
    ]);
    for (const text of ['', ' ', '101', '2.5', '-1', 'ON', '%']) expect(parseSwitch(text), text).toBeNull();
  });
});
