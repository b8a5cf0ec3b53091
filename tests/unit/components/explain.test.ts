import { describe, expect, it } from 'vitest';
import { caution, explainPattern } from '#lib/components/patterns/explain.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import { wilsonInterval } from '#domain/statistics/wilson-interval.ts';

function pattern(successes: number, n: number, restSuccesses: number, restN: number): PatternView {
  const rate = n === 0 ? null : successes / n;
  const restRate = restN === 0 ? null : restSuccesses / restN;
  return {
    id: 'p1',
    label: 'contact cellular',
    conditions: [{ attribute: 'contact', value: 'cellular' }],
    n,
    successes,
    rate,
    wilson: wilsonInterval(successes, n),
    rest: {
      n: restN,
      successes: restSuccesses,
      rate: restRate,
      wilson: wilsonInterval(restSuccesses, restN),
    },
    lift: rate === null || !restRate ? null : rate / restRate,
    oddsRatio: null,
    pValue: null,
    pValueSingleLook: 0.5,
    pValueMethod: 'z',
    confidence: null,
    weightedConfidence: null,
    direction: null,
    status: 'collecting',
    trend: 'collecting',
    values: null,
    since: 1,
    updatedAt: null,
  };
}

const text = (view: PatternView) =>
  explainPattern(view)
    .map((pieces) => pieces.map((piece) => (typeof piece === 'string' ? piece : piece.figure)).join(''))
    .join('\n');

describe('explainPattern', () => {
  it('tells rate, interval, rest, points and lift', () => {
    expect(text(pattern(4369, 29285, 920, 15926))).toBe(
      'Of the outcomes that meet these conditions, 14.9% of 29,285 converted. With this many, the rate may lie anywhere from 14.5 to 15.3%.\n' +
        'For everyone else it was 5.8% of 15,926. That is +9.1 points, 2.6× the rest’s rate. The two intervals do not overlap.',
    );
  });

  it('says when the difference may be chance', () => {
    expect(text(pattern(6, 40, 50, 400))).toContain('overlap, so the difference may be chance');
  });

  it('writes no rate under five outcomes', () => {
    expect(text(pattern(1, 3, 50, 400))).toBe(
      '1 of 3 converted. That is too few to call a rate; it says almost nothing yet.',
    );
  });

  it('has words for no outcomes, for no rest and for no difference', () => {
    expect(text(pattern(0, 0, 50, 400))).toContain('nothing to compare');
    expect(text(pattern(10, 100, 0, 0))).toContain('no rest to compare with');
    expect(text(pattern(100, 1000, 100, 1000))).toContain('no difference to speak of');
  });

  it('never says that anything causes anything', () => {
    expect(text(pattern(4369, 29285, 920, 15926))).not.toMatch(/cause|drive|significant|because/);
  });
});

describe('caution', () => {
  it('follows the intervals: above, below, or no difference shown', () => {
    expect(caution(pattern(4369, 29285, 920, 15926))).toMatch(/^It goes with conversion\. It does not show/);
    expect(caution(pattern(920, 15926, 4369, 29285))).toMatch(
      /^It goes with fewer conversions\. It does not/,
    );
    expect(caution(pattern(6, 40, 50, 400))).toBe(
      'This does not show that the conditions make a difference.',
    );
  });

  it('is silent without a comparison', () => {
    expect([caution(pattern(1, 3, 50, 400)), caution(pattern(10, 40, 0, 0))]).toEqual([null, null]);
  });
});
