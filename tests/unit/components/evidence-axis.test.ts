import { describe, expect, it } from 'vitest';
import { countTicks, evidenceAxis, oddsScale, positionTicks } from '#lib/components/charts/evidence-axis.ts';
import { thinOut } from '#lib/components/charts/thin-out.ts';
import { logEvidenceForConfidence } from '#domain/statistics/confidence.ts';

const far = (ticks: readonly { at: number }[], heightPx: number) => {
  const places = ticks.map(({ at }) => (at / 100) * heightPx).sort((a, b) => a - b);
  return places.every((place, i) => i === 0 || place - (places[i - 1] ?? 0) >= 15);
};

describe('evidenceAxis', () => {
  it('does not flatten at the top and keeps its labels apart', () => {
    for (const highest of [1, 5, 12, 24, 60, 500]) {
      const axis = evidenceAxis([-8, 0, highest], 200);
      const line = axis.place(logEvidenceForConfidence(0.8));
      expect(axis.place(0)).toBeLessThan(line);
      expect(line).toBeLessThan(axis.place(Math.max(highest, 3.5)));
      expect(axis.ticks.map(({ label }) => label)).toContain('0.80');
      expect(far(axis.ticks, 200)).toBe(true);
    }
  });

  it('names very strong evidence by its nines', () => {
    const labels = evidenceAxis([480], 200).ticks.map(({ label }) => label);
    expect(labels).toContain('200 nines');
    expect(labels).toContain('0.9999');
  });

  it('keeps what is below 0.01 at its edge', () => {
    const axis = evidenceAxis([-900, 4], 200);
    expect(axis.place(-900)).toBe(0);
  });
});

describe('ticks', () => {
  it('have both ends and a few whole places between', () => {
    const labels = positionTicks(1, 45_211, (p) => `#${p}`).map(({ label }) => label);
    expect(labels).toEqual(['#1', '#20000', '#45211']);
    expect(positionTicks(0, 1, String).map(({ label }) => label)).toEqual(['0', '1']);
  });

  it('stand on a logarithmic line for counts', () => {
    const ticks = countTicks(20, 8_791, String);
    expect(ticks[0]?.label).toBe('20');
    expect(ticks.at(-1)?.label).toBe('8791');
    expect(ticks.length).toBeGreaterThan(3);
  });

  it('hold one and all odds, and clamp beyond 32', () => {
    const scale = oddsScale([0.4, 7], 160);
    expect(scale.ticks.some(({ ratio }) => ratio === 1)).toBe(true);
    expect(scale.place(0.25)).toBe(0);
    expect(scale.place(8)).toBe(100);
    expect(scale.place(Infinity)).toBe(100);
    expect(far(scale.ticks, 160)).toBe(true);
  });
});

describe('thinOut', () => {
  it('takes the first and the last among the few', () => {
    const series = Array.from({ length: 400 }, (_, i) => i);
    const few = thinOut(series, 40);
    expect([few.length, few[0], few.at(-1)]).toEqual([40, 0, 399]);
    expect(thinOut([1, 2], 40)).toEqual([1, 2]);
  });
});
