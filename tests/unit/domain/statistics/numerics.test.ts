import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { erfc } from '../../../../src/lib/domain/statistics/erfc.ts';
import { logBeta } from '../../../../src/lib/domain/statistics/log-beta.ts';
import { logChoose } from '../../../../src/lib/domain/statistics/log-choose.ts';
import { logErfc } from '../../../../src/lib/domain/statistics/log-erfc.ts';
import { logGamma } from '../../../../src/lib/domain/statistics/log-gamma.ts';
import { normalQuantile } from '../../../../src/lib/domain/statistics/normal-quantile.ts';
import { quantile } from '../../../../src/lib/domain/statistics/quantile.ts';

function expectRelative(actual: number, expected: number, relative: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(Math.abs(expected) * relative);
}

describe('numerics', () => {
  it('logGamma equals exact factorials and half-integer values', () => {
    let log = 0;
    for (let n = 2; n <= 170; n += 1) {
      log += Math.log(n);
      expectRelative(logGamma(n + 1), log, 1e-13);
    }
    expectRelative(logGamma(0.5), 0.5 * Math.log(Math.PI), 1e-13);
    expect(logGamma(1)).toBeCloseTo(0, 14);
    expect(logGamma(2)).toBeCloseTo(0, 14);
    // lgamma(1e6 + 0.5), computed with 40 digits (mpmath).
    expectRelative(logGamma(1_000_000.5), 12815511.476902766, 1e-13);
    expect(() => logGamma(0)).toThrow(RangeError);
  });

  it('logChoose obeys Pascal and is -Infinity outside', () => {
    expectRelative(logChoose(5, 2), Math.log(10), 1e-14);
    expect(logChoose(5, 6)).toBe(-Infinity);
    expect(logChoose(5, -1)).toBe(-Infinity);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5_000 }), fc.nat(), (n, raw) => {
        const k = 1 + (raw % (n - 1));
        const sum =
          Math.exp(logChoose(n - 1, k) - logChoose(n, k)) +
          Math.exp(logChoose(n - 1, k - 1) - logChoose(n, k));
        expect(sum).toBeCloseTo(1, 9);
      }),
    );
    expectRelative(logBeta(0.5, 0.5), Math.log(Math.PI), 1e-13);
    expectRelative(logBeta(2, 3), Math.log(1 / 12), 1e-13);
  });

  // Abramowitz and Stegun Table 7.1; the last two from mpmath.
  it.each([
    [0, 1],
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [2, 0.004677734981047266],
    [2.5, 0.0004069520174449589],
    [3, 2.209049699858544e-5],
    [6, 2.151973671249891e-17],
    [-1, 1.8427007929497148],
    [20, 5.395865611607901e-176],
  ])('erfc(%d) is %d', (x, expected) => {
    expectRelative(erfc(x), expected, 2e-13);
  });

  it('logErfc goes on where erfc has become zero, and is smooth where the methods meet', () => {
    expect(erfc(40)).toBe(0);
    // -x² - log(x √π) + log1p(-1/(2x²) + 3/(4x⁴) - …) at x = 40.
    expectRelative(logErfc(40), -1604.2615566532736, 1e-11);
    expectRelative(logErfc(2.5 - 1e-12), logErfc(2.5 + 1e-12), 1e-11);
  });

  it('normalQuantile undoes the normal distribution', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 14);
    expect(normalQuantile(0.5)).toBeCloseTo(0, 15);
    expect(normalQuantile(0)).toBe(-Infinity);
    expect(normalQuantile(1)).toBe(Infinity);
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 0.999999, noNaN: true }), (p) => {
        expectRelative(0.5 * erfc(-normalQuantile(p) / Math.SQRT2), p, 1e-11);
      }),
    );
  });

  it('quantile is type 7', () => {
    expect(quantile([1, 2, 3, 4], 0.2)).toBeCloseTo(1.6, 15);
    expect(quantile([7], 0.3)).toBe(7);
    expect(quantile([1, 2, 3], 1)).toBe(3);
    expect(quantile([1, 2, 3], 0)).toBe(1);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});
