import { describe, expect, it } from 'vitest';
import { caution, explainPattern } from '#lib/components/patterns/explain.ts';
import { disagreement, liftShown, marksOf } from '#lib/components/patterns/evidence-words.ts';
import { receiptRows } from '#lib/components/patterns/receipt-rows.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import { rateConfidenceSequence } from '#domain/statistics/rate-confidence-sequence.ts';
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
    confidenceWorse: null,
    statusAt: 20,
    recent: { n: 50, successes: 5 },
    epoch: null,
    confirmedAt: null,
    changed: null,
    recounting: false,
    recountedAt: null,
    pinned: false,
    pinnedOnly: false,
    period: false,
    concurrency: 1,
    comparable: true,
    explainedBy: null,
    explains: 0,
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

  it('compares with no rest of fewer than ten, and says so', () => {
    const few: PatternView = { ...pattern(364, 391, 0, 9), confidence: 0.99, confidenceWorse: 0 };
    expect(text(few)).toContain(
      'For everyone else it was 0 of 9. With fewer than 10 the two rates are not set against each other.',
    );
    expect(text(few)).not.toMatch(/points|Confidence/);
    expect(text({ ...few, direction: 'better', status: 'emerging' })).toContain('It is emerging.');
    expect(caution(few)).toBeNull();
    expect([few, pattern(364, 391, 1, 10), pattern(4, 4, 1, 10)].map(liftShown)).toEqual(['–', '9.3×', '–']);
    const rows = receiptRows(few, { asOf: 400, behindMs: 0, searched: 100, budget: null });
    expect(rows.find(({ label }) => label === 'p, single look')?.value).toBe('–');
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

describe('explainPattern with evidence', () => {
  const confirmed: PatternView = {
    ...pattern(1653, 8791, 3636, 36420),
    confidence: 0.97,
    confidenceWorse: 0.01,
    weightedConfidence: 0.9,
    direction: 'better',
    status: 'confirmed',
    oddsRatio: { low: 1.18, high: 1.57, estimate: 1.39 },
    concurrency: 0.74,
    epoch: { n: 8791, successes: 1653, startedAt: 0 },
  };

  it('tells the comparison of the same time, and that a part of the gap is timing', () => {
    expect(text(confirmed)).toContain(
      'Part of that gap is timing: it came more often in better times. Compared only with outcomes of the same time, the odds are 1.39× the rest’s, and at least 1.18×.',
    );
  });

  it('tells what its confidence promises, with its own number', () => {
    expect(text(confirmed)).toContain(
      'Confidence is 0.97. If this pattern were no better than the rest, a confidence this high would ever appear in at most 62 of 10,000 such patterns, however often anybody looks.',
    );
    expect(text({ ...confirmed, confidence: 0.8, status: 'emerging' })).toContain(
      'at most 5 of 100 such patterns',
    );
    expect(text({ ...confirmed, confidence: 0.1, direction: null, status: 'collecting' })).toContain(
      'chance alone brings as much',
    );
  });

  it('does not hide that raw and same-time comparison disagree', () => {
    const view: PatternView = {
      ...confirmed,
      ...pattern(618, 4901, 4671, 40310),
      confidence: 0,
      confidenceWorse: 0.999,
      direction: 'worse',
      status: 'confirmed',
      oddsRatio: { low: 0.27, high: 0.67, estimate: 0.43 },
    };
    expect(text(view)).toContain('it looks the other way round');
    expect(text(view)).toContain('the odds are 0.43× the rest’s, and at most 0.67×');
    expect(disagreement(view)).toBe('at the same time, below the rest: odds 0.43×');
    expect(disagreement(confirmed)).toBeNull();
  });

  it('says of time-bound ones how they are compared', () => {
    const bound: PatternView = { ...confirmed, period: true, oddsRatio: null, comparable: false };
    expect(text(bound)).toContain(
      'too few or differ among themselves, or this one changed within itself, so nothing is concluded',
    );
    expect(marksOf(bound)).toEqual(['time-bound: the periods do not agree']);
    expect(marksOf({ ...confirmed, comparable: false, pinned: true, recounting: true })).toEqual([
      'pinned',
      'recounting',
      'time-bound: no comparable outcomes at the same time',
    ]);
  });

  it('promises for time-bound ones only what holds, and not before the periods are asked', () => {
    const bound: PatternView = { ...confirmed, period: true, oddsRatio: null, concurrency: null };
    const promise = 'such patterns, however often anybody looks';
    expect(text(bound)).toContain(
      'If this pattern were no better than the other periods, and their rate stayed the same, a confidence this high would ever appear in at most 62 of 10,000 such patterns',
    );
    const collecting = { ...bound, direction: null, status: 'collecting' } as const;
    for (const comparable of [false, null]) {
      const said = text({ ...collecting, comparable });
      expect(said).not.toContain(promise);
      expect(said).toContain('Confidence is 0.97, that it is better than the other periods.');
    }
    expect(text({ ...collecting, comparable: null })).toContain('That has not been asked yet');
    expect(text(bound)).not.toMatch(/nothing else happened/);
  });

  it('tells what a weakening pattern has lost: by a change, by its evidence, or because the periods disagree', () => {
    const weakening = { ...confirmed, status: 'weakening', confirmedAt: 4_796 } as const;
    const changed = { at: 4_187, side: 'down' } as const;
    expect(text({ ...weakening, changed })).toContain('It was confirmed, and its evidence has fallen since.');
    expect(text({ ...weakening, changed, confirmedAt: null })).toContain(
      'at #4,187 its distance from the rest changed',
    );
    expect(text({ ...weakening, period: true, comparable: false })).toContain(
      'the periods do not agree any more: the others among themselves, or this one within itself.',
    );
  });

  it('says of a change alarm who moved, as far as the counts tell, with the counts', () => {
    const before = { n: 1_000, successes: 300, rest: { n: 9_000, successes: 1_800 } };
    const view: PatternView = {
      ...confirmed,
      ...pattern(420, 1_300, 3_000, 12_000),
      confidence: 0.9,
      confidenceWorse: 0.01,
      epoch: { n: 300, successes: 120, startedAt: 10_000 },
      changed: { at: 10_000, side: 'down', before, moved: 'rest' },
    };
    const told = (moved: 'pattern' | 'rest' | 'both' | null) =>
      text({ ...view, changed: { at: 10_000, side: 'down', before, moved } });
    const own = '30.0% of 1,000, since then 40.0% of 300';
    const others = '20.0% of 9,000, since then 40.0% of 3,000';
    expect(told('rest')).toContain(
      `It is the rest that moved. Up to #10,000 it converted ${others}. The pattern: ${own}.`,
    );
    expect(told('pattern')).toContain(
      `It is the pattern that moved. Up to #10,000 it converted ${own}. The rest: ${others}.`,
    );
    expect(told('both')).toContain(`Both moved. Up to #10,000 the pattern converted ${own}.`);
    expect(told(null)).toContain('Which of the two moved, these counts do not tell.');
    expect(text({ ...view, changed: { at: 10_000, side: 'down', before: null, moved: null } })).not.toContain(
      'Up to #10,000',
    );
  });

  it('does not lay to timing what came before the evidence began anew', () => {
    const epoch = { n: 300, successes: 20, startedAt: 10_000 };
    const oddsRatio = { low: 0.17, high: 0.48, estimate: 0.29 };
    const view: PatternView = { ...confirmed, direction: 'worse', epoch, oddsRatio };
    const said = text({ ...view, rate: 0.24, rest: { ...view.rest, rate: 0.21 } });
    expect(said).toContain(
      'Counted over all time, what came before #10,000 included, it looks the other way round. ' +
        'Compared only with outcomes of the same time since #10,000, the odds are 0.29×',
    );
    const gap = text({ ...view, rate: 0.05, rest: { ...view.rest, rate: 0.21 } });
    expect(said + gap).not.toMatch(/timing|other times/);
  });

  it('says since when a declared mode holds', () => {
    const epoch = { n: 100, successes: 20, startedAt: 8_034 };
    const bound: PatternView = { ...confirmed, period: true, oddsRatio: null, epoch };
    expect(text(bound)).toContain('At #8,034 one of its attributes was declared as bound to time, so');
    expect(text({ ...bound, changed: { at: 8_034, side: 'up' } })).toContain(
      'One of its attributes is bound to time, so',
    );
  });

  it('never says that anything causes anything', () => {
    expect(text(confirmed)).not.toMatch(/cause|drive|significant|because/);
    expect(caution(confirmed)).toMatch(/^It goes with conversion\. It does not show/);
    expect(caution({ ...confirmed, direction: null })).toMatch(/^This does not show/);
  });
});

describe('receiptRows', () => {
  it('explains each figure with its own numbers', () => {
    const view: PatternView = {
      ...pattern(1653, 8791, 3636, 36420),
      confidence: 0.8,
      confidenceWorse: 0.01,
      weightedConfidence: 0.4,
      pValue: 0.02,
      direction: 'better',
      status: 'emerging',
      epoch: { n: 900, successes: 200, startedAt: 12_800 },
      oddsRatio: { low: 1.18, high: 1.57, estimate: 1.39 },
      rateAnyLook: rateConfidenceSequence(1653, 8791),
    };
    const rows = receiptRows(view, {
      asOf: 45_211,
      behindMs: 200,
      searched: 3_091,
      budget: {
        gamma: 0.005,
        falseDiscoveryRate: 0.05,
        logENeeded: Math.log(240),
        logE: Math.log(20),
        searched: 68,
        rejections: 12,
        spent: 0.4,
      },
    });
    const meaning = (label: string) => rows.find((row) => row.label === label)?.meaning;
    // 900 outcomes brought log 20; log 240 is 747 more at that pace.
    expect(rows.map(({ label, value }) => `${label} ${value}`)).toEqual([
      'As of #45,211 · 0.2 s behind',
      'Confidence 0.80, line at 0.80',
      'Over 3,091 searched 0.40, line at 0.80',
      'Needed today 0.97',
      'To be confirmed ≈ 700 more',
      'p, any look 0.02',
      'Odds, any look 1.18–1.57×',
      'Same-time share 1.00',
      'Evidence since #12,800',
      'Rate, any look 17.2–20.5%',
      'p, single look 0.5',
      'First seen #1',
    ]);
    expect(meaning('Confidence')).toContain('at most 5 of 100 such patterns');
    expect(meaning('Odds, any look')).toContain('With 10.0% in the rest that is ≈ 1.2× to 1.5× its rate.');
    expect(meaning('Needed today')).toContain('240 to 1; it has 20 to 1');
    expect(meaning('Needed today')).toContain('0.005 of 1, half of it for either side');
  });

  const bare: PatternView = {
    ...pattern(300, 1_600, 4_000, 6_000),
    confidence: 0,
    confidenceWorse: 0.999,
    weightedConfidence: 0.9,
    pValue: 0.001,
    concurrency: null,
  };
  const rowOf = (view: PatternView, label: string) =>
    receiptRows(view, { asOf: 9_000, behindMs: 0, searched: 100, budget: null }).find(
      (row) => row.label === label,
    );

  it('says the side of the evidence, and promises nothing where periods are not known to agree', () => {
    expect(rowOf(bare, 'Confidence')?.value).toBe('>0.99 below, line at 0.80');
    expect(rowOf(bare, 'Confidence')?.meaning).toContain('no worse than the rest, it would ever come');
    const period = { ...bare, period: true };
    expect(rowOf(period, 'Confidence')?.meaning).toContain('while their rate stays the same');
    expect(rowOf({ ...period, comparable: null }, 'Confidence')?.meaning).toMatch(
      /has not been asked yet\.$/,
    );
    expect(rowOf({ ...period, comparable: false }, 'Over 100 searched')?.meaning).toContain(
      'cannot be confirmed',
    );
    expect(rowOf(period, 'Same-time share')).toBeUndefined();
  });

  it('says why the evidence does not begin with the log', () => {
    const epoch = { n: 100, successes: 20, startedAt: 8_034 };
    const since = (more: Partial<PatternView>) => {
      const view = { ...bare, epoch, ...more };
      return [rowOf(view, 'Evidence since')?.meaning.split(': ')[1], rowOf(view, 'First seen')?.meaning];
    };
    const anew = 'At #8,034 it began anew.';
    expect(since({ changed: { at: 8_034, side: 'up' } })).toEqual([
      'its distance from the rest changed there.',
      expect.stringContaining(anew),
    ]);
    expect(since({ since: 8_034, pinnedOnly: true })).toEqual([
      'it was pinned there.',
      expect.not.stringContaining(anew),
    ]);
    // Support has admitted it after its evidence had begun anew, so nothing was replayed.
    expect(since({ since: 9_000, changed: { at: 8_034, side: 'up' } })[1]).toBe(
      'From #9,000 on there were enough outcomes to search it. Its evidence had begun anew at #8,034.',
    );
    expect(since({ period: true })).toEqual([
      'one of its attributes was declared as bound to time there.',
      expect.stringContaining(anew),
    ]);
    expect(since({ changed: { at: 8_034, side: 'up', moved: 'rest' } })[0]).toBe('the rest changed there.');
    expect(since({ changed: { at: 4_000, side: 'up' } })[0]).toContain('declared as not bound to time');
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

describe('the row of outcomes to go', () => {
  it('says about how many more it takes, only where an effect is likelier than none and time does not decide', () => {
    const budget = {
      gamma: 0.005,
      falseDiscoveryRate: 0.05,
      logENeeded: Math.log(4_000),
      logE: Math.log(20),
      searched: 68,
      rejections: 0,
      spent: 0.4,
    };
    const emerging: PatternView = {
      ...pattern(60, 200, 200, 1_000),
      confidence: 0.8,
      confidenceWorse: 0.01,
      weightedConfidence: 0.4,
      direction: 'better',
      status: 'emerging',
      epoch: { n: 200, successes: 60, startedAt: 0 },
    };
    const toGo = (change: Partial<PatternView>, logE = budget.logE) =>
      receiptRows(
        { ...emerging, ...change },
        {
          asOf: 1_200,
          behindMs: null,
          searched: 68,
          budget: { ...budget, logE },
        },
      ).find(({ label }) => label === 'To be confirmed')?.value;
    expect(toGo({})).toBe('≈ 400 more');
    expect(toGo({ status: 'collecting', direction: null }, Math.log(6))).toBe('≈ 700 more');
    expect(toGo({ status: 'collecting', direction: null }, Math.log(4.9))).toBeUndefined();
    for (const change of [
      { status: 'confirmed' },
      { status: 'weakening' },
      { status: 'retired' },
      { period: true },
      { comparable: false },
      { recounting: true },
      { epoch: { n: 19, successes: 9, startedAt: 0 } },
    ] as const) {
      expect([change, toGo(change)]).toEqual([change, undefined]);
    }
    expect(toGo({}, Math.log(4_000))).toBeUndefined();
  });
});
