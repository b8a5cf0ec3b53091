import { describe, expect, it } from 'vitest';
import { HEADER, openImage } from '../../../../src/lib/domain/patterns/fold-image.ts';
import { readEvidence } from '../../../../src/lib/domain/patterns/pattern-evidence.ts';
import { trackedPatterns } from '../../../../src/lib/domain/patterns/tracked-patterns.ts';
import { ratesAgree } from '../../../../src/lib/domain/statistics/homogeneity.ts';
import { add, type Fold, foldLog, seeded, startFold } from '../fold-scripts.ts';

/** Five campaign waves of 800 one after another, and an attribute that comes in any order. */
function waves(seed: number, rateOf: (wave: number, at: number) => number): Fold {
  const random = seeded(seed);
  const log = Array.from({ length: 4_000 }, (_, i) => {
    const wave = Math.floor(i / 800);
    const facts = { wave: `w${wave}`, other: `o${Math.floor(random() * 3)}` };
    return add(i + 1, random() < rateOf(wave, i / 4_000) ? 'success' : 'failure', facts);
  });
  return foldLog(log, () => 500, startFold([], { trackedCap: 100 }));
}

/** Slots go by name where attributes come together. */
const WAVE = 1;

function confirmedLabels(fold: Fold): string[] {
  const attribute = fold.space.searched[WAVE];
  return fold.effects
    .filter(({ kind }) => kind === 'confirmed')
    .flatMap(({ index }) => trackedPatterns(fold.image, [index]))
    .map(({ slots, codes }) =>
      slots.map((slot, i) =>
        slot === WAVE && attribute?.type === 'string' ? attribute.values[(codes[i] ?? 0) - 1] : 'o',
      ),
    )
    .map((items) => items.join('&'));
}

describe('period mode in the fold', { timeout: 60_000 }, () => {
  it('is found from the switching, and confirms the lifted wave where the base is constant', () => {
    const fold = waves(5, (wave) => (wave === 3 ? 0.35 : 0.15));
    const view = openImage(fold.image);
    expect([view.slotPeriod[0], view.slotPeriod[WAVE]]).toEqual([0, 1]);
    const lifted = trackedPatterns(fold.image).find(
      ({ slots, codes }) => slots.join() === `${WAVE}` && codes[0] === 4,
    );
    if (lifted === undefined) throw new Error('the wave is tracked');
    expect(readEvidence(view, lifted.index)).toMatchObject({
      status: 'confirmed',
      direction: 'better',
      period: true,
      oddsRatio: null,
    });
    // Almost nothing of it has an outcome of the same time to compare with.
    expect(readEvidence(view, lifted.index).concurrency).toBeLessThan(0.25);
    // The others differ from the rest only because the lifted one is in it.
    for (const label of confirmedLabels(fold)) expect(label).toContain('w3');
  });

  it('confirms nothing by the calendar alone, however the base rate drifts', () => {
    for (const [seed, rate] of [
      [6, (_wave: number, at: number) => 0.05 + 0.35 * at],
      [7, (_wave: number, at: number) => 0.2 + 0.15 * Math.sin(9 * at)],
      [8, (_wave: number, at: number) => (at < 0.5 ? 0.4 : 0.1)],
    ] as const) {
      const fold = waves(seed, rate);
      const view = openImage(fold.image);
      expect(view.slotPeriod[WAVE]).toBe(1);
      expect(confirmedLabels(fold)).toEqual([]);
      expect(view.header[HEADER.rejections]).toBe(0);
      // Not for want of evidence: compared by counts alone the waves differ beyond doubt.
      expect(Math.max(...view.evidence.maxLogETwoSided)).toBeGreaterThan(20);
    }
  });

  it('does not take one time for another when an attribute that came in phases mixes later', () => {
    // 2,500 of one value, 1,500 of the other, then both in any order; the rate drifts and nothing goes with either.
    const random = seeded(9);
    const log = Array.from({ length: 8_000 }, (_, i) => {
      const mixed = random() < 0.5 ? 'a' : 'b';
      const facts = {
        phase: i < 1_500 ? 'a' : i < 3_000 ? 'b' : mixed,
        other: `o${Math.floor(random() * 3)}`,
      };
      return add(i + 1, random() < 0.05 + 0.6 * (i / 8_000) ? 'success' : 'failure', facts);
    });
    const fold = foldLog(log, () => 500, startFold([], { trackedCap: 100 }));
    const view = openImage(fold.image);
    const phase = fold.space.searched.findIndex(({ key }) => key === 'phase');
    // Bound to time first, compared at the same time again now, in short blocks.
    expect(view.slotPeriod[phase]).toBe(2);
    expect(fold.effects.filter(({ kind }) => kind === 'confirmed')).toEqual([]);
    expect(trackedPatterns(fold.image, [0, 1]).length).toBe(2);
  });

  it('asks whether groups can have one rate', () => {
    expect(
      ratesAgree([
        { n: 100, successes: 10 },
        { n: 100, successes: 12 },
      ]),
    ).toBe(true);
    expect(
      ratesAgree([
        { n: 100, successes: 10 },
        { n: 100, successes: 12 },
        { n: 100, successes: 30 },
      ]),
    ).toBe(false);
    expect(ratesAgree([{ n: 100, successes: 100 }])).toBe(true);
    expect(
      ratesAgree([
        { n: 100, successes: 0 },
        { n: 0, successes: 0 },
        { n: 100, successes: 0 },
      ]),
    ).toBe(true);
  });
});
