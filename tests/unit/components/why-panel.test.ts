import { render } from 'svelte/server';
import { describe, expect, it } from 'vitest';
import WhyPanel from '#lib/components/patterns/WhyPanel.svelte';
import type { PatternWhy } from '#lib/contracts/pattern-insight.ts';
import { wilsonInterval } from '#domain/statistics/wilson-interval.ts';

const counts = { n: 100, successes: 20, rate: 0.2, wilson: wilsonInterval(20, 100) };
const named = (words: string) => ({
  id: `p_${words}`,
  label: `device ${words}`,
  conditions: [{ attribute: 'device', value: words }],
});

/** A pattern under which `all` are folded, of which `told` are named. */
function why(all: number, told: number): PatternWhy {
  return {
    asOf: 8_034,
    pattern: {
      ...named('mobile'),
      ...counts,
      rest: counts,
      lift: 1,
      oddsRatio: null,
      pValue: null,
      pValueSingleLook: 1,
      pValueMethod: 'z',
      confidence: 0.9,
      confidenceWorse: 0.1,
      weightedConfidence: 0.5,
      direction: 'better',
      status: 'emerging',
      statusAt: 20,
      trend: 'stable',
      recent: null,
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
      explains: all,
      values: null,
      since: 1,
      updatedAt: null,
    },
    conditions: [],
    then: null,
    movers: [],
    side: 'better',
    recentResults: '',
    parents: [],
    explains: Array.from({ length: told }, (_, i) => ({
      ...named(`kid${i}`),
      ...counts,
      reason: 'restates',
    })),
    similar: [],
    budget: {
      gamma: 0.1,
      falseDiscoveryRate: 0.05,
      logENeeded: 3,
      logE: 2,
      searched: 10,
      rejections: 0,
      spent: 0.5,
    },
  };
}

const headings = (one: PatternWhy) =>
  [
    ...render(WhyPanel, {
      props: { why: one, base: '/w/a', timezone: 'UTC' },
    }).body.matchAll(/<h3[^>]*>([\s\S]*?)<\/h3>/g),
  ].map(([, words = '']) =>
    words
      .replace(/<[^>]*>/g, '')
      .replace(/\s+/g, ' ')
      .trim(),
  );

describe('WhyPanel', () => {
  it('says of how many patterns it names the strongest', () => {
    expect(headings(why(117, 100))).toEqual(['Folded under it, the strongest 100 of 117']);
    expect(headings(why(9, 9))).toEqual(['Folded under it']);
  });

  it('says of the simpler patterns as of where it is compared, or why not', () => {
    const base = why(0, 0);
    const conditions = [
      ...named('mobile').conditions,
      { attribute: 'day', value: 'mo' },
      { attribute: 'hour', value: '9' },
    ];
    const parent = { ...named('mobile'), ...counts, id: null, conditions: conditions.slice(0, 2) };
    const { body } = render(WhyPanel, {
      props: {
        why: {
          ...base,
          pattern: { ...base.pattern, conditions, explainedBy: { ...named('tablet'), reason: 'restates' } },
          parents: [
            { ...parent, label: 'one', confidence: 0.97, through: 7_936, notCompared: null },
            { ...parent, label: 'two', confidence: null, through: null, notCompared: 'explained' },
            { ...parent, label: 'three', confidence: null, through: null, notCompared: 'other-side' },
          ],
        },
        base: '/w/a',
        timezone: 'UTC',
      },
    });
    expect(body).toContain('the other conditions matter: confidence 0.97 as of #7,936');
    expect(body).toContain('not compared: already explained by device tablet');
    expect(body).toContain('not compared: it stands on the other side');
  });
});
