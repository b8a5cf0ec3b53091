import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binCode } from '../../../../src/lib/domain/attributes/bin-code.ts';
import { binEdges } from '../../../../src/lib/domain/attributes/bin-edges.ts';
import { binLabel } from '../../../../src/lib/domain/attributes/bin-label.ts';
import type { Bins } from '../../../../src/lib/domain/attributes/bins.ts';

function labels(edges: readonly number[], whole: boolean): string[] {
  const bins: Bins = { edges, labels: null, whole, cutAt: 1 };
  return Array.from({ length: edges.length + 1 }, (_, i) => binLabel(bins, i + 1));
}

describe('bins', () => {
  it('are quintiles of type 7 with equal edges merged', () => {
    expect(binEdges([9, 1, 2, 3, 4, 5, 6, 7, 8]).map((edge) => Number(edge.toFixed(9)))).toEqual([
      2.6, 4.2, 5.8, 7.4,
    ]);
    expect(binEdges([0, 0, 0, 0, 0, 0, 0, 5, 6, 7])).toEqual([0, 5.2]);
    expect(binEdges([3, 3, 3])).toEqual([3]);
  });

  it('hold their low edge and not their high one', () => {
    expect([-1e9, 32.9, 33, 39, 40, 1e9].map((value) => binCode([33, 40], value))).toEqual([
      1, 1, 2, 2, 3, 3,
    ]);
    expect(binCode([], 5)).toBe(1);
  });

  it('read like numbers that people count', () => {
    expect(labels([33, 40, 41], true)).toEqual(['< 33', '33–39', '40', '≥ 41']);
    expect(labels([32.4, 39.2], true)).toEqual(['< 33', '33–39', '≥ 40']);
    expect(labels([-5, 3], true)).toEqual(['< -5', '-5 to 2', '≥ 3']);
    expect(labels([0.5, 1.25], false)).toEqual(['< 0.5', '0.5 to < 1.25', '≥ 1.25']);
    expect(labels([0.1 + 0.2, 1 / 3], false)).toEqual(['< 0.3', '0.3 to < 0.333333', '≥ 0.333333']);
    expect(labels([], true)).toEqual(['any']);
  });

  it('cut any values so that each falls into the bin whose edges enclose it, with distinct labels', () => {
    const numbers = fc.array(
      fc.oneof(fc.integer({ min: -1_000, max: 1_000 }), fc.double({ noNaN: true, min: -1e6, max: 1e6 })),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(numbers, (values) => {
        const edges = binEdges(values);
        expect([...new Set(edges)].sort((a, b) => a - b)).toEqual(edges);
        for (const value of values) {
          const code = binCode(edges, value);
          expect(value).toBeGreaterThanOrEqual(edges[code - 2] ?? -Infinity);
          expect(value).toBeLessThan(edges[code - 1] ?? Infinity);
        }
        const read = labels(edges, values.every(Number.isInteger));
        expect(new Set(read).size).toBe(read.length);
      }),
    );
  });
});
