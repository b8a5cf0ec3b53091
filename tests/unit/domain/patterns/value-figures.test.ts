import { describe, expect, it } from 'vitest';
import type { LogFacts } from '../../../../src/lib/domain/outcomes/log-facts.ts';
import { openImage } from '../../../../src/lib/domain/patterns/fold-image.ts';
import { type PatternValues, readEvidence } from '../../../../src/lib/domain/patterns/pattern-evidence.ts';
import { indexOf } from '../evidence-at.ts';
import { add, foldLog, seeded, startFold } from '../fold-scripts.ts';

const CLIP = {
  kind: 'values.clip' as const,
  payload: { low: -10, high: 30 },
  effectiveAfter: 0,
  ordinal: 1,
};
const clipped = (value: number) => Math.min(30, Math.max(-10, value));
const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;

interface Told {
  readonly label: 'P' | 'C';
  readonly value: number;
}

/** Every other outcome is of the pattern. */
function told(count: number, valueOf: (of: Told['label'], i: number) => number): Told[] {
  return Array.from({ length: count }, (_, i) => {
    const label = i % 2 === 0 ? 'P' : 'C';
    return { label, value: valueOf(label, i) };
  });
}

function valuesOf(log: readonly Told[], pinnedAfter?: number): PatternValues {
  const entries: LogFacts[] = log.map(({ label, value }, i) =>
    add(i + 1, i % 3 === 0 ? 'success' : 'failure', { label }, value),
  );
  const pin = {
    kind: 'pattern.pin' as const,
    payload: { conditions: [{ attribute: 'label', value: 'P' }] },
    effectiveAfter: pinnedAfter ?? 0,
    ordinal: 2,
  };
  const settings = pinnedAfter === undefined ? [CLIP] : [CLIP, pin];
  const fold = foldLog(entries, () => 137, startFold(settings, { trackedCap: 60 }));
  const { values } = readEvidence(openImage(fold.image), indexOf(fold, { label: 'P' }));
  if (values === null) throw new Error('there are no values');
  return values;
}

describe('figures of values', () => {
  it('are the mean within the clip, inside its interval, and that of all others', () => {
    const random = seeded(5);
    const log = told(1_200, () => (random() < 0.02 ? 5_000 : Math.round(random() * 40) - 15));
    const shown = valuesOf(log);
    const of = (label: Told['label']) => log.filter((one) => one.label === label).map(({ value }) => value);
    expect(shown.n).toBe(600);
    expect(shown.wins).toBe(of('P').filter((value) => value > 0).length);
    expect(shown.losses).toBe(of('P').filter((value) => value < 0).length);
    expect(shown.mean).toBeCloseTo(mean(of('P').map(clipped)), 9);
    expect(shown.rest?.n).toBe(600);
    expect(shown.rest?.mean).toBeCloseTo(mean(of('C').map(clipped)), 9);
    expect(shown.rawMean?.mean).toBeCloseTo(mean(of('P')), 9);
    const { low, high } = shown.interval ?? { low: NaN, high: NaN };
    expect(low).toBeLessThan(shown.mean ?? NaN);
    expect(high).toBeGreaterThan(shown.mean ?? NaN);
    // The mean as recorded is that of a few large ones.
    expect(shown.rawMean?.mean).toBeGreaterThan(high);
  });

  it('have no interval where the mean has drifted out of it', () => {
    const shown = valuesOf(told(2_000, (_, i) => (i < 1_000 ? 0 : 20)));
    expect(shown.mean).toBeCloseTo(10, 9);
    expect(shown.interval).toBeNull();
  });

  it('are of the epoch, those of the rest too: nothing of what came before a pinning', () => {
    const log = told(8, () => 5);
    expect(valuesOf(log, 8)).toMatchObject({ n: 0, mean: null, rest: null, interval: null });
    const later = [...log, { label: 'P' as const, value: -2 }, { label: 'C' as const, value: 9 }];
    expect(valuesOf(later, 8)).toMatchObject({ n: 1, wins: 0, losses: 1, rest: { n: 1 } });
    expect(valuesOf(later, 8).rest?.mean).toBeCloseTo(9, 9);
    expect(valuesOf(later, 8).mean).toBeCloseTo(-2, 9);
  });
});
