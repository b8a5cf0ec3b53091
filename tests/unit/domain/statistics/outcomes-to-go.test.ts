import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomesToGo } from '#domain/statistics/outcomes-to-go.ts';

describe('outcomesToGo', () => {
  it('is what is missing at the average pace so far', () => {
    expect(outcomesToGo({ n: 60, logE: 3, logENeeded: 9 })).toBe(120);
    expect(outcomesToGo({ n: 7, logE: 2, logENeeded: 3 })).toBe(4);
  });

  it('is nothing once enough is there, and unknown while evidence does not grow', () => {
    expect(outcomesToGo({ n: 60, logE: 9, logENeeded: 9 })).toBe(0);
    expect(outcomesToGo({ n: 60, logE: -1, logENeeded: 9 })).toBeNull();
    expect(outcomesToGo({ n: 0, logE: 0, logENeeded: 9 })).toBeNull();
  });

  it('brings the evidence needed at that pace, and no outcome more', () => {
    const evidence = fc.record({
      n: fc.integer({ min: 1, max: 100_000 }),
      logE: fc.double({ min: 0.01, max: 10, noNaN: true }),
      logENeeded: fc.double({ min: 10.1, max: 20, noNaN: true }),
    });
    fc.assert(
      fc.property(evidence, ({ n, logE, logENeeded }) => {
        const more = outcomesToGo({ n, logE, logENeeded }) ?? NaN;
        const at = (outcomes: number) => (logE / n) * outcomes;
        expect(at(n + more)).toBeGreaterThanOrEqual(logENeeded - 1e-9);
        expect(at(n + more - 1)).toBeLessThan(logENeeded + 1e-9);
      }),
    );
  });

  it('refuses what is no count and no evidence', () => {
    expect(() => outcomesToGo({ n: -1, logE: 1, logENeeded: 2 })).toThrow(RangeError);
    expect(() => outcomesToGo({ n: 5, logE: NaN, logENeeded: 2 })).toThrow(RangeError);
  });
});
