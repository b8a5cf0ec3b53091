import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fisherExact } from '../../../../src/lib/domain/statistics/fisher-exact.ts';
import { lift } from '../../../../src/lib/domain/statistics/lift.ts';
import { oddsRatio } from '../../../../src/lib/domain/statistics/odds-ratio.ts';
import { pValueSingleLook } from '../../../../src/lib/domain/statistics/p-value-single-look.ts';
import { pooledZ } from '../../../../src/lib/domain/statistics/pooled-z.ts';
import { trend } from '../../../../src/lib/domain/statistics/trend.ts';

const side = fc
  .integer({ min: 0, max: 400 })
  .chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: n })));
const table = fc.tuple(side, side).map(([[n1, s1], [n0, s0]]) => ({ n1, s1, n0, s0 }));

/** Expects a small relative difference, or one below the last of the ten printed decimals. */
function expectClose(actual: number, expected: number, relative = 1e-9): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(
    Math.max(Math.abs(expected) * relative, Math.min(6e-11, Math.abs(expected) * 1e-8)),
  );
}

describe('two rates, single look', () => {
  // z, p of z, Fisher's p, two-sided mid-p: STATISTICS §11.
  it.each([
    [15, 50, 25, 50, -2.0412414523, 0.0412268333, 0.0655776829, 0.0448790152],
    [56, 70, 48, 80, 2.6501719513, 0.0080450814, 0.0125211297, 0.01042114],
    [7, 34, 1, 34, 2.2583179581, 0.0239258435, 0.0544001305, 0.0296562584],
    [30, 100, 40, 400, 5.1553926223, 2.531000456e-7, 2.670526859e-6, 2.018654359e-6],
  ])('%i/%i against %i/%i equals its vector', (s1, n1, s0, n0, z, pOfZ, fisher, midP) => {
    const counts = { n1, s1, n0, s0 };
    expectClose(pooledZ(counts), z);
    const exact = fisherExact(counts);
    expectClose(exact.p, fisher, 2e-9);
    expectClose(exact.midP, midP, 2e-9);
    const look = pValueSingleLook(counts);
    const smallest = (Math.min(n1, n0) * Math.min(s1 + s0, n1 + n0 - s1 - s0)) / (n1 + n0);
    expect(look.method).toBe(smallest < 10 ? 'mid-p' : 'z');
    expectClose(look.p, look.method === 'z' ? pOfZ : midP, 2e-9);
  });

  // R 3.6.2 fisher.test, as shipped in SciPy's tests.
  it.each([
    [100, 2, 1000, 5, 0.1300759363430016],
    [2, 7, 8, 2, 0.02301413756522116],
    [5, 1, 10, 10, 0.1973244147157191],
    [5, 15, 20, 20, 0.09580440012477633],
    [5, 16, 16, 25, 0.2697004098849359],
  ])('Fisher of [[%i,%i],[%i,%i]] equals R', (a, b, c, d, p) => {
    expectClose(fisherExact({ n1: a + b, s1: a, n0: c + d, s0: c }).p, p, 1e-11);
  });

  it('mid-p of [[2,7],[8,2]] counts ties half', () => {
    expectClose(fisherExact({ n1: 9, s1: 2, n0: 10, s0: 8 }).midP, 0.0142458161034, 1e-10);
  });

  it('says 1 when there is nothing to compare', () => {
    expect(pValueSingleLook({ n1: 0, s1: 0, n0: 10, s0: 3 }).p).toBe(1);
    expect(pValueSingleLook({ n1: 10, s1: 3, n0: 0, s0: 0 }).p).toBe(1);
    expect(pValueSingleLook({ n1: 10, s1: 0, n0: 10, s0: 0 }).p).toBe(1);
    expect(pValueSingleLook({ n1: 100, s1: 100, n0: 90, s0: 90 }).p).toBe(1);
  });

  it('stays within 0 and 1, and does not care which side or which end is called which', () => {
    fc.assert(
      fc.property(table, ({ n1, s1, n0, s0 }) => {
        const { p, z, method } = pValueSingleLook({ n1, s1, n0, s0 });
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        const swapped = pValueSingleLook({ n1: n0, s1: s0, n0: n1, s0: s1 });
        const mirrored = pValueSingleLook({ n1, s1: n1 - s1, n0, s0: n0 - s0 });
        for (const other of [swapped, mirrored]) {
          expect(other.method).toBe(method);
          expectClose(other.p, p, 1e-8);
          expect(other.z).toBeCloseTo(-z, 9);
        }
      }),
    );
  });

  it('lift is null exactly when the rest has no rate above zero', () => {
    expect(lift({ n1: 4, s1: 2, n0: 10, s0: 0 })).toBeNull();
    expect(lift({ n1: 4, s1: 2, n0: 0, s0: 0 })).toBeNull();
    expect(lift({ n1: 0, s1: 0, n0: 10, s0: 1 })).toBeNull();
    expect(lift({ n1: 4, s1: 2, n0: 10, s0: 1 })).toBe(5);
    expect(lift({ n1: 4, s1: 0, n0: 10, s0: 1 })).toBe(0);
  });

  it('the odds ratio is finite with empty cells, and contains its estimate', () => {
    fc.assert(
      fc.property(table, (counts) => {
        const odds = oddsRatio(counts);
        expect(odds === null).toBe(counts.n1 === 0 || counts.n0 === 0);
        if (odds === null) return;
        expect(odds.low).toBeLessThan(odds.estimate);
        expect(odds.high).toBeGreaterThan(odds.estimate);
        expect(Number.isFinite(odds.high)).toBe(true);
      }),
    );
    // (7.5 · 33.5) / (27.5 · 1.5), by hand.
    expectClose(oddsRatio({ n1: 34, s1: 7, n0: 34, s0: 1 })?.estimate ?? 0, 6.090909090909091, 1e-12);
  });
});

describe('trend', () => {
  it('points up or down only for a change that is both unlikely and notable', () => {
    expect(trend({ recent: { n: 50, successes: 15 }, earlier: { n: 400, successes: 40 } })).toBe('up');
    expect(trend({ recent: { n: 50, successes: 0 }, earlier: { n: 400, successes: 120 } })).toBe('down');
    expect(trend({ recent: { n: 50, successes: 7 }, earlier: { n: 400, successes: 40 } })).toBe('stable');
    expect(trend({ recent: { n: 50, successes: 50 }, earlier: { n: 9_000, successes: 8_000 } })).toBe(
      'stable',
    );
    expect(trend({ recent: { n: 50, successes: 5 }, earlier: { n: 40, successes: 0 } })).toBe('collecting');
    expect(trend({ recent: { n: 50, successes: 20 }, earlier: { n: 50, successes: 0 } })).toBe('up');
    expect(trend({ recent: { n: 50, successes: 0 }, earlier: { n: 50, successes: 0 } })).toBe('stable');
  });
});
