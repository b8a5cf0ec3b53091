import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALERT_RULES } from '../../../../src/lib/domain/statistics/alert-rules.ts';
import {
  confidence,
  logEvidenceForConfidence,
  weightedConfidence,
} from '../../../../src/lib/domain/statistics/confidence.ts';
import { isEmerging } from '../../../../src/lib/domain/statistics/emerging.ts';
import { errorBudget } from '../../../../src/lib/domain/statistics/error-budget.ts';
import {
  FIRST_CONFIDENCE_REFERENCE,
  movedConfidence,
} from '../../../../src/lib/domain/statistics/moved-confidence.ts';
import {
  familyWeight,
  rejectionsNeeded,
  rejectOnline,
} from '../../../../src/lib/domain/statistics/online-e-bh.ts';

const LOG_20 = Math.log(20);
const logs = (...es: number[]) => Float64Array.from(es, Math.log);

describe('confidence', () => {
  it('is .8 exactly where evidence is 20, the lifetime line of 5 %', () => {
    expect(logEvidenceForConfidence(0.8)).toBe(LOG_20);
    expect(logEvidenceForConfidence(0.5)).toBe(Math.log(5));
    expect(confidence(0)).toBeCloseTo(1 / 6, 15);
    fc.assert(
      fc.property(fc.double({ min: -800, max: 800, noNaN: true }), (logE) => {
        fc.pre(Math.abs(logE - LOG_20) > 1e-12);
        expect(confidence(logE) >= 0.8).toBe(logE >= LOG_20);
      }),
    );
    expect(() => logEvidenceForConfidence(1)).toThrow(RangeError);
  });

  it('promises what STATISTICS §4 says of each level', () => {
    // c, largest probability that a pattern with no lift ever shows it: 1/E at that confidence.
    for (const [c, probability] of [
      [0.5, 0.2],
      [0.6, 0.13333],
      [0.7, 0.08571],
      [0.8, 0.05],
      [0.9, 0.02222],
      [0.95, 0.01053],
      [0.99, 0.00202],
    ] as const) {
      expect(Math.exp(-logEvidenceForConfidence(c))).toBeCloseTo(probability, 5);
    }
  });

  it('weighted reaches .8 exactly where the pattern alone would be confirmed', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -5, max: 40, noNaN: true }),
        fc.double({ min: 1e-7, max: 0.4, noNaN: true }),
        fc.nat(2_000),
        fc.constantFrom(0.05, 0.1),
        (logE, gamma, before, alpha) => {
          const need = rejectionsNeeded(logE, gamma, alpha);
          fc.pre(Math.abs(need / (before + 1) - 1) > 1e-9 && Math.abs(logE - LOG_20) > 1e-9);
          const shown = weightedConfidence(logE, familyWeight(gamma, before, alpha)) >= 0.8;
          expect(shown).toBe(need <= before + 1 && logE >= LOG_20);
          const alone = rejectOnline(Float64Array.of(logE), Float64Array.of(gamma), before, alpha);
          expect(alone.length === 1).toBe(shown);
        },
      ),
    );
  });

  it('emerges at .8 with five outcomes and stays until .5', () => {
    expect(isEmerging(false, LOG_20, 5)).toBe(true);
    expect(isEmerging(false, LOG_20, 4)).toBe(false);
    expect(isEmerging(false, LOG_20 - 1e-9, 500)).toBe(false);
    expect(isEmerging(true, Math.log(5), 500)).toBe(true);
    expect(isEmerging(true, Math.log(5) - 1e-9, 500)).toBe(false);
  });
});

describe('errorBudget', () => {
  // First thresholds of STATISTICS §5: 1/(.05·γ).
  it.each([
    [1, 4_000],
    [2, 128_000 / 7],
    [3, 102_400],
  ])('gives the first births of %i conditions the threshold %f', (depth, threshold) => {
    expect(1 / (0.05 * errorBudget(depth, 1))).toBeCloseTo(threshold, 6);
    const first = [64, 256, 1024][depth - 1] ?? NaN;
    expect(errorBudget(depth, first)).toBe(errorBudget(depth, 1));
    expect(errorBudget(depth, first + 1)).toBeLessThan(errorBudget(depth, first));
  });

  it('shares each octave equally', () => {
    // Octave 1 of singles: births 65 to 128 share .4·.2·6/π².
    expect(errorBudget(1, 65) * 64).toBeCloseTo(0.4 * 0.2 * 0.6079271018540267, 12);
    expect(errorBudget(1, 128)).toBe(errorBudget(1, 65));
    expect(errorBudget(1, 129) * 128).toBeCloseTo((0.4 * 0.2 * 0.6079271018540267) / 4, 12);
    expect(errorBudget(1, 256)).toBe(errorBudget(1, 129));
    expect(errorBudget(1, 257)).toBeLessThan(errorBudget(1, 256));
  });

  it('never gives more than everything', () => {
    let spent = 0;
    for (let depth = 1; depth <= 3; depth += 1) {
      for (let birth = 1; birth <= 200_000; birth += 1) spent += errorBudget(depth, birth);
    }
    expect(spent).toBeLessThanOrEqual(1);
    expect(spent).toBeGreaterThan(0.95);
    expect(() => errorBudget(4, 1)).toThrow(RangeError);
    expect(() => errorBudget(1, 0)).toThrow(RangeError);
  });
});

describe('online e-BH', () => {
  it('confirms the batches of STATISTICS §11', () => {
    const gammas = Float64Array.of(0.1, 0.1, 0.1);
    let rejected = 0;
    for (const batch of [logs(190, 250, 20), logs(110, 60, 5), logs(70, 68, 1)]) {
      const now = rejectOnline(batch, gammas, rejected);
      expect([...now].sort()).toEqual([0, 1]);
      rejected += now.length;
    }
    expect(rejected).toBe(6);
  });

  it('answers in order of need, ties by index', () => {
    const gammas = Float64Array.of(0.1, 0.1, 0.2, 0.1);
    expect(rejectOnline(logs(500, 900, 450, 500), gammas, 5)).toEqual([1, 2, 0, 3]);
    expect(rejectOnline(new Float64Array(0), new Float64Array(0), 5)).toEqual([]);
  });

  it('confirms nobody below 20, however many were before, and lets none carry another', () => {
    const gammas = Float64Array.of(0.4, 0.1, 0.001);
    expect(rejectOnline(logs(19.99, 20, 40), gammas, 1_000)).toEqual([1, 2]);
    expect(rejectOnline(logs(19.99, 19.99, 19.99), gammas, 1_000_000)).toEqual([]);
  });

  it('rejects the largest set in which every need is met, and more where more were before', () => {
    const candidate = fc.record({
      e: fc.double({ min: 1, max: 1e5, noNaN: true }),
      gamma: fc.double({ min: 1e-4, max: 0.2, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 12 }), fc.nat(20), (candidates, before) => {
        const logEs = Float64Array.from(candidates, ({ e }) => Math.log(e));
        const gammas = Float64Array.from(candidates, ({ gamma }) => gamma);
        const now = rejectOnline(logEs, gammas, before);
        // The bound of the proof: E ≥ 1/(αγ(|R| + r)) for each.
        for (const index of now) {
          const { e, gamma } = candidates[index] ?? { e: NaN, gamma: NaN };
          expect(e * 0.05 * gamma * (before + now.length)).toBeGreaterThanOrEqual(1 - 1e-9);
          expect(e).toBeGreaterThanOrEqual(20 - 1e-9);
        }
        expect(rejectOnline(logEs, gammas, before + 1).length).toBeGreaterThanOrEqual(now.length);
      }),
    );
  });
});

describe('movedConfidence', () => {
  const at = (value: number, n: number) => ({ confidence: value, n });

  it('fires for a large move, late enough and high enough', () => {
    expect(movedConfidence(FIRST_CONFIDENCE_REFERENCE, 0.62, 40)).toEqual({
      alert: 'increase',
      reference: at(0.62, 40),
    });
    expect(movedConfidence(at(0.8, 40), 0.45, 60)).toEqual({ alert: 'decrease', reference: at(0.45, 60) });
  });

  it.each([
    ['the move is no more than .10', at(0.6, 20), 0.7, 80],
    ['there are fewer than ten outcomes', FIRST_CONFIDENCE_REFERENCE, 0.9, 9],
    ['fewer than ten came since the reference', at(0.6, 20), 0.9, 29],
    ['fewer than a tenth came since the reference', at(0.6, 950), 0.9, 1_000],
  ])('keeps still while %s', (_why, reference, value, n) => {
    const answer = movedConfidence(reference, value, n);
    expect(answer.alert).toBeNull();
    expect(answer.reference).toBe(reference);
  });

  it('follows confidence down, and only down, while both are below one half', () => {
    expect(movedConfidence(at(0.3, 20), 0.1, 40)).toEqual({ alert: null, reference: at(0.1, 40) });
    const low = at(0.1, 40);
    expect(movedConfidence(low, 0.45, 80).reference).toBe(low);
    expect(movedConfidence(low, 0.55, 90).alert).toBe('increase');
  });

  it('takes its limits from the table', () => {
    expect(ALERT_RULES.moved).toMatchObject({
      minimumMove: 0.1,
      minimumConfidence: 0.5,
      minimumOutcomes: 10,
    });
    expect(ALERT_RULES.emerging).toEqual({
      minimumConfidence: 0.8,
      lostBelowConfidence: 0.5,
      minimumOutcomes: 5,
    });
    expect(ALERT_RULES.confirmed).toEqual({ falseDiscoveryRate: 0.05, minimumOutcomes: 10 });
    expect(ALERT_RULES.significant).toEqual({ maximumPValue: 0.05, minimumOutcomes: 10 });
    expect(ALERT_RULES.change).toEqual({ meanOutcomesToFalseAlarm: 1_000, minimumOutcomes: 50 });
  });
});
