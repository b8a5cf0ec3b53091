import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogFacts } from '../../../../src/lib/domain/outcomes/log-facts.ts';
import {
  createMetrics,
  dayCounts,
  foldMetrics,
  type MetricsState,
  overallTrend,
  rateHistory,
  rollingRate,
} from '../../../../src/lib/domain/metrics/metrics-state.ts';
import { add, randomLog, retract, seeded } from '../fold-scripts.ts';

function inBatches(log: readonly LogFacts[], size: () => number): MetricsState {
  let state = createMetrics();
  for (let start = 0; start < log.length;) {
    const end = start + Math.max(1, size());
    state = foldMetrics(state, log.slice(start, end));
    start = end;
  }
  return state;
}

describe('metrics', () => {
  it('are the same however the log is cut, and as JSON', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 1_500 }), (seed, entries) => {
        const log = randomLog(seed, { entries, attributes: 1 });
        const random = seeded(seed);
        const whole = foldMetrics(createMetrics(), log);
        expect(inBatches(log, () => Math.ceil(random() * 90))).toEqual(whole);
        const half = foldMetrics(createMetrics(), log.slice(0, entries / 2));
        const restored = JSON.parse(JSON.stringify(half)) as MetricsState;
        expect(foldMetrics(restored, log.slice(entries / 2))).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('count by the local day, and take a retract off the day of its add', () => {
    const log = [
      add(1, 'success', {}),
      add(2, 'neutral', {}),
      { ...add(3, 'failure', {}), localDay: 14_010 },
    ];
    const state = foldMetrics(createMetrics(), [...log, retract(4, log[0] as LogFacts)]);
    expect(dayCounts(state, 14_000)).toEqual({ localDay: 14_000, successes: 0, failures: 0, neutral: 1 });
    expect(dayCounts(state, 14_010)).toMatchObject({ failures: 1 });
    expect(dayCounts(state, 99)).toEqual({ localDay: 99, successes: 0, failures: 0, neutral: 0 });
    expect(state.totals).toEqual({ successes: 0, failures: 1, neutral: 1 });
  });

  it('remember the last 50 decided outcomes', () => {
    const log = Array.from({ length: 200 }, (_, i) => add(i + 1, i < 150 ? 'failure' : 'success', {}));
    const state = foldMetrics(createMetrics(), log);
    expect(rollingRate(state)).toEqual({ n: 50, successes: 50, rate: 1 });
    expect(overallTrend(state)).toBe('up');
    expect(overallTrend(foldMetrics(createMetrics(), log.slice(0, 99)))).toBe('collecting');
    expect(overallTrend(foldMetrics(createMetrics(), log.slice(0, 150)))).toBe('stable');
    const taken = foldMetrics(state, [retract(201, log[199] as LogFacts), retract(202, log[0] as LogFacts)]);
    expect(rollingRate(taken)).toEqual({ n: 49, successes: 49, rate: 1 });
    expect(rollingRate(createMetrics())).toEqual({ n: 0, successes: 0, rate: null });
  });

  it('keep a bounded history of the cumulative rate that ends at the present', () => {
    const random = seeded(1);
    const log = Array.from({ length: 10_000 }, (_, i) =>
      add(i + 1, random() < 0.3 ? 'success' : 'failure', {}),
    );
    const points = rateHistory(foldMetrics(createMetrics(), log));
    expect(points.length).toBeGreaterThan(128);
    expect(points.length).toBeLessThanOrEqual(257);
    expect(points[points.length - 1]).toMatchObject({ position: 10_000, n: 10_000 });
    for (const { position, n, successes } of points) {
      expect(n).toBe(position);
      expect(successes).toBe(log.slice(0, position).filter(({ result }) => result === 'success').length);
    }
  });

  it('refuse entries that do not follow', () => {
    expect(() => foldMetrics(createMetrics(), [add(2, 'success', {})])).toThrow(RangeError);
  });
});
