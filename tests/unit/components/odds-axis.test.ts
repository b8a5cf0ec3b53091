import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisOfPatterns, isOffAxis, oddsAxis, placeOnAxis } from '#lib/components/charts/odds-axis.ts';

describe('oddsAxis', () => {
  it('is widened to the next tick on both sides', () => {
    const axis = oddsAxis([0.037, 0.728]);
    expect([axis.low, axis.high]).toEqual([0.02, 0.8]);
    expect(axis.ticks.map((tick) => tick.label)).toEqual(['2%', '5%', '10%', '20%', '40%', '60%', '80%']);
  });

  it('spaces equal odds ratios equally', () => {
    const axis = oddsAxis([0.01, 0.99]);
    // Odds 1:9, 1:4 and 4:1, 9:1 mirror each other around one half.
    expect(placeOnAxis(axis, 0.5)).toBeCloseTo(50, 9);
    const left = placeOnAxis(axis, 0.2) - placeOnAxis(axis, 0.1);
    const right = placeOnAxis(axis, 0.9) - placeOnAxis(axis, 0.8);
    expect(left).toBeCloseTo(right, 9);
  });

  it('keeps ticks at least 28 px apart at the width it is made for', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.integer({ min: 80, max: 800 }),
        (a, b, widthPx) => {
          const { ticks } = oddsAxis([a, b], { widthPx });
          ticks.slice(1).forEach((tick, index) => {
            const before = ticks[index];
            expect(((tick.at - (before?.at ?? 0)) / 100) * widthPx).toBeGreaterThanOrEqual(28 - 1e-9);
          });
        },
      ),
    );
  });

  it('contains every drawn end, or says that it runs off', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }),
        (ends) => {
          const axis = oddsAxis(ends);
          for (const end of ends) {
            if (end >= 0.001 && end <= 0.999) expect(isOffAxis(axis, end)).toBeNull();
            const at = placeOnAxis(axis, end);
            expect(at).toBeGreaterThanOrEqual(0);
            expect(at).toBeLessThanOrEqual(100);
          }
        },
      ),
    );
  });

  it('has width even when all ends are one tick', () => {
    const axis = oddsAxis([0.1, 0.1]);
    expect(axis.low).toBeLessThan(0.1);
    expect(axis.high).toBeGreaterThan(0.1);
  });

  it('clamps 0 and 1 to its ends', () => {
    const axis = oddsAxis([0, 1]);
    expect([placeOnAxis(axis, 0), placeOnAxis(axis, 1)]).toEqual([0, 100]);
    expect([isOffAxis(axis, 0), isOffAxis(axis, 1)]).toEqual(['low', 'high']);
  });
});

describe('axisOfPatterns', () => {
  const pattern = (n: number, low: number, high: number, rest: number | null) => ({
    n,
    wilson: { low, high },
    rest: { rate: rest },
  });

  it('is not squeezed by patterns of under five cases', () => {
    const axis = axisOfPatterns([pattern(300, 0.1, 0.2, 0.12), pattern(3, 0.06, 0.79, 0.12)]);
    expect([axis.low, axis.high]).toEqual([0.1, 0.2]);
  });

  it('takes them when there is nothing else, and has a default without any', () => {
    expect(axisOfPatterns([pattern(3, 0.06, 0.79, null)]).high).toBe(0.8);
    expect(axisOfPatterns([]).ticks.length).toBeGreaterThan(2);
  });
});
