import { describe, expect, it } from 'vitest';
import { epochsWords } from '#lib/components/charts/drawn-epochs.ts';
import { earlierEpochs } from '#lib/components/patterns/earlier-epochs.ts';
import type { HistoryPoint } from '#lib/contracts/pattern-insight.ts';
import { confidence } from '#domain/statistics/confidence.ts';

/** Kept at a position, with log E of both sides. */
const kept = (position: number, plus: number, minus: number, more: Partial<HistoryPoint> = {}) => ({
  position,
  at: '2026-01-05T10:00:00Z',
  n: position / 10,
  successes: 1,
  rate: 0.1,
  wilson: { low: 0, high: 1 },
  confidence: confidence(plus),
  confidenceWorse: confidence(minus),
  confidenceBefore: 0.2,
  logE: Math.max(plus, minus),
  status: 'collecting' as const,
  events: [],
  trigger: null,
  processingMs: 1,
  ...more,
});
const first = { confidenceBefore: null };

describe('earlierEpochs', () => {
  it('gives each kept point to the epoch that was under way, on the side of that', () => {
    const history = [
      kept(100, -2, 6, { ...first, status: 'confirmed' }),
      kept(250, -30, 40, { status: 'confirmed' }),
      // What is kept at the alarm itself is the beginning of what follows.
      kept(400, 0, 0),
      kept(550, 1, -1),
      kept(700, 3, -2, { status: 'emerging' }),
    ];
    const drawn = earlierEpochs(
      history,
      [
        { until: 400, side: 'worse' },
        { until: 700, side: 'better' },
        { until: null, side: 'worse' },
      ],
      700,
    );
    expect(drawn.map(({ points, ...epoch }) => ({ ...epoch, at: points.map((p) => p.position) }))).toEqual([
      { startedAt: 0, side: 'worse', stands: true, at: [100, 250] },
      { startedAt: 400, side: 'better', stands: false, at: [400, 550] },
    ]);
    expect(drawn[0]?.points[0]?.logEMinus).toBe(6);
    expect(drawn[0]?.points[0]?.logEPlus).toBeCloseTo(-2, 9);
    expect(drawn[0]?.points[1]?.logEPlus).toBeCloseTo(-30, 9);
  });

  it('begins with the first point where older ones are not at hand, and draws no line over a long gap', () => {
    const epochs = [
      { until: 900, side: 'better' as const },
      { until: null, side: 'worse' as const },
    ];
    const history = [kept(700, 4, -2), kept(800, 4, -2)];
    expect(earlierEpochs(history, epochs, 900)[0]).toMatchObject({ startedAt: 700, side: 'better' });
    expect(earlierEpochs([kept(200, 4, -2, first)], epochs, 900)).toEqual([]);
    expect(earlierEpochs([], epochs, 900)).toEqual([]);
  });
});

describe('epochsWords', () => {
  const epoch = (startedAt: number, side: 'better' | 'worse') => ({ startedAt, side });

  it('names the sides only where they differ, and nothing where there is one epoch', () => {
    expect(epochsWords([epoch(0, 'better')])).toBeNull();
    expect(epochsWords([epoch(0, 'better'), epoch(5_120, 'better')])).toBe(
      'Its evidence began anew at #5,120.',
    );
    expect(epochsWords([epoch(0, 'better'), epoch(2_000, 'worse'), epoch(5_120, 'better')])).toBe(
      'Confidence up to #2,000 that it does better, up to #5,120 that it does worse, ' +
        'since then that it does better. Its evidence began anew at #2,000 and #5,120.',
    );
  });
});
