import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newcombeDifference } from '../../../../src/lib/domain/statistics/newcombe-difference.ts';
import { rateConfidenceSequence } from '../../../../src/lib/domain/statistics/rate-confidence-sequence.ts';
import { wilsonIntervalCorrected } from '../../../../src/lib/domain/statistics/wilson-interval-corrected.ts';
import { wilsonInterval } from '../../../../src/lib/domain/statistics/wilson-interval.ts';

const counts = fc
  .integer({ min: 0, max: 200_000 })
  .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));

const METHODS = [
  ['wilsonInterval', wilsonInterval],
  ['wilsonIntervalCorrected', wilsonIntervalCorrected],
  ['rateConfidenceSequence', rateConfidenceSequence],
] as const;

describe('intervals of one rate', () => {
  // Newcombe 1998, Stat Med 17:857, Table I; STATISTICS §11, ten digits.
  it.each([
    [81, 263, 0.2552885199, 0.366209577, 0.2535086823, 0.368176201],
    [15, 148, 0.0623863995, 0.1604872417, 0.0597782084, 0.1644497794],
    [0, 20, 0, 0.1611251581, 0, 0.200453345],
    [4, 200, 0.0078044264, 0.0502870869, 0.0064260131, 0.0537574614],
    [1, 29, 0.0061132143, 0.1717552188, 0.0018026402, 0.1962817511],
    [0, 1, 0, 0.7934506856, 0, 0.9453792445],
    [5, 10, 0.2365930905, 0.7634069095, 0.2014229696, 0.7985770304],
    [190, 200, 0.9104218519, 0.9726173544, 0.9073089225, 0.9743920833],
  ])('Wilson of %i of %i equals the published figures', (s, n, low, high, ccLow, ccHigh) => {
    expect(wilsonInterval(s, n).low).toBeCloseTo(low, 9);
    expect(wilsonInterval(s, n).high).toBeCloseTo(high, 9);
    expect(wilsonIntervalCorrected(s, n).low).toBeCloseTo(ccLow, 9);
    expect(wilsonIntervalCorrected(s, n).high).toBeCloseTo(ccHigh, 9);
  });

  it('Wilson of 29 of 29 ends at exactly one', () => {
    expect(wilsonInterval(29, 29).low).toBeCloseTo(0.883, 4);
    expect(wilsonInterval(29, 29).high).toBe(1);
  });

  // STATISTICS §11, Beta(½,½), α = .05.
  it.each([
    [0, 20, 0, 0.224006112],
    [1, 29, 0.0000917413, 0.2457132944],
    [15, 148, 0.0377326625, 0.2049031031],
    [81, 263, 0.2160985796, 0.4114062554],
    [700, 1000, 0.6454376526, 0.7510166115],
    [5, 5, 0.4149675318, 1],
  ])('the anytime interval of %i of %i equals its vector', (s, n, low, high) => {
    expect(rateConfidenceSequence(s, n).low).toBeCloseTo(low, 9);
    expect(rateConfidenceSequence(s, n).high).toBeCloseTo(high, 9);
  });

  it.each(METHODS)('%s contains the estimate and stays within 0 and 1', (_name, interval) => {
    fc.assert(
      fc.property(counts, ([s, n]) => {
        const { low, high } = interval(s, n);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThan(high);
        if (n === 0) expect([low, high]).toEqual([0, 1]);
        else {
          expect(low).toBeLessThanOrEqual(s / n);
          expect(high).toBeGreaterThanOrEqual(s / n);
        }
        if (s === 0) expect(low).toBe(0);
        if (s === n) expect(high).toBe(1);
      }),
    );
  });

  it.each(METHODS)('%s mirrors when successes and failures are swapped', (_name, interval) => {
    fc.assert(
      fc.property(counts, ([s, n]) => {
        const one = interval(s, n);
        const other = interval(n - s, n);
        expect(other.low).toBeCloseTo(1 - one.high, 9);
        expect(other.high).toBeCloseTo(1 - one.low, 9);
      }),
    );
  });

  it('the correction and the anytime guarantee both cost width', () => {
    fc.assert(
      fc.property(counts, ([s, n]) => {
        const plain = wilsonInterval(s, n);
        for (const wider of [wilsonIntervalCorrected(s, n), rateConfidenceSequence(s, n)]) {
          expect(wider.high - wider.low).toBeGreaterThanOrEqual(plain.high - plain.low - 1e-12);
        }
      }),
    );
  });

  it('refuses counts that cannot be', () => {
    expect(() => wilsonInterval(3, 2)).toThrow(RangeError);
    expect(() => wilsonInterval(-1, 2)).toThrow(RangeError);
    expect(() => rateConfidenceSequence(0.5, 2)).toThrow(RangeError);
  });
});

describe('newcombeDifference', () => {
  // Newcombe 1998, Stat Med 17:873, Table II (DescTools); Fagerland 2015; STATISTICS §11.
  it.each([
    [56, 70, 48, 80, 0.0524314724, 0.333872654],
    [9, 10, 3, 10, 0.1705227239, 0.8090179735],
    [10, 10, 0, 20, 0.6790860371, 1],
    [84, 101, 89, 105, -0.1177496498, 0.0850713518],
    [7, 34, 1, 34, 0.0189214439, 0.340368687],
  ])('%i/%i - %i/%i equals the published interval', (s1, n1, s0, n0, low, high) => {
    const interval = newcombeDifference({ n1, s1, n0, s0 });
    expect(interval.low).toBeCloseTo(low, 9);
    expect(interval.high).toBeCloseTo(high, 9);
  });

  it.each([
    [56, 70, 48, 80, 0.042767872, 0.3421862784],
    [9, 10, 3, 10, 0.1012872259, 0.8386689698],
    [10, 10, 0, 20, 0.6013931281, 1],
    [84, 101, 89, 105, -0.1244597906, 0.0917717273],
  ])('%i/%i - %i/%i with correction equals the published interval', (s1, n1, s0, n0, low, high) => {
    const interval = newcombeDifference({ n1, s1, n0, s0 }, true);
    expect(interval.low).toBeCloseTo(low, 9);
    expect(interval.high).toBeCloseTo(high, 9);
  });

  it('contains the difference, and swaps sign with the sides', () => {
    fc.assert(
      fc.property(counts, counts, ([s1, n1], [s0, n0]) => {
        const one = newcombeDifference({ n1, s1, n0, s0 });
        const other = newcombeDifference({ n1: n0, s1: s0, n0: n1, s0: s1 });
        expect(other.low).toBeCloseTo(-one.high, 9);
        if (n1 > 0 && n0 > 0) {
          expect(one.low).toBeLessThanOrEqual(s1 / n1 - s0 / n0 + 1e-12);
          expect(one.high).toBeGreaterThanOrEqual(s1 / n1 - s0 / n0 - 1e-12);
        } else expect(one).toEqual({ low: -1, high: 1 });
      }),
    );
  });
});
