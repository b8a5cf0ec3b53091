import { render } from 'svelte/server';
import { describe, expect, it } from 'vitest';
import ValuesPanel from '#lib/components/patterns/ValuesPanel.svelte';
import type { PatternValuesView } from '#lib/contracts/pattern.ts';

const EPOCH = { startedAt: 4_187, n: 402, wins: 30, losses: 12, mean: 6.2, rest: null };

function values(more: Partial<PatternValuesView> = {}): PatternValuesView {
  return {
    n: 1_538,
    mean: 16.85,
    restN: 6_496,
    restMean: 15.2,
    epoch: EPOCH,
    interval: { low: 5.95, high: 11.37 },
    clip: { low: 0, high: 60 },
    confidence: 0.4,
    confidenceWorse: 0.1,
    rawMean: { mean: 6.84, interval: { low: 5.1, high: 8.5 }, approximate: true },
    profitFactor: { factor: 1.5, interval: null, approximate: true },
    ...more,
  };
}

/** Each figure of the panel as it reads, by its name. */
function figures(more: Partial<PatternValuesView> = {}): Map<string, string> {
  const html = render(ValuesPanel, { props: { values: values(more) } }).body;
  const plain = (part: string) =>
    part
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
  return new Map(
    html
      .split('<dt')
      .slice(1)
      .map((part) => {
        const [name = '', rest = ''] = part.split('</dt>');
        return [plain(`<dt${name}`), plain(rest)];
      }),
  );
}

describe('ValuesPanel', () => {
  it('says of each figure what it is of, and since when', () => {
    const shown = figures();
    expect(shown.get('Mean within 0 to 60 exact')).toBe(
      '6.2 of 402 since #4,187 5.95 to 11.37, whenever one looks',
    );
    expect(shown.get('Against the rest')).toMatch(/^0.40 of 402 since #4,187 /);
    expect(shown.get('Mean, as recorded')).toBe('16.85 of all 1,538 with a value the rest: 15.2 of 6,496');
    expect(shown.get('Mean, nothing cut off approximate')).toMatch(/^6.84 of 402 since #4,187 5.1 to 8.5;/);
    expect(shown.get('Profit factor approximate')).toMatch(/^1.50 of 30 gains and 12 losses since #4,187 /);
  });

  it('has the rest within the same ends and of the same epoch', () => {
    const rest = { n: 900, mean: 7.5 };
    expect(figures({ epoch: { ...EPOCH, rest } }).get('Mean within 0 to 60 exact')).toMatch(
      / the rest: 7.5 of 900 since #4,187, within the same$/,
    );
    const shown = figures({ epoch: { ...EPOCH, startedAt: 0, rest: { n: 6_496, mean: 7.9 } } });
    expect(shown.get('Mean within 0 to 60 exact')).toMatch(
      /^6.2 of 402 5.95 .* the rest: 7.9 of 6,496, within the/,
    );
  });

  it('says infinite only of gains without losses in the same epoch', () => {
    const none = { factor: null, interval: null, approximate: true } as const;
    const factor = (wins: number, n = 5) =>
      figures({ profitFactor: none, epoch: { ...EPOCH, n, wins, losses: 0 } }).get(
        'Profit factor approximate',
      );
    expect(factor(3)).toMatch(/^∞ of 3 gains and 0 losses since #4,187 no losses so far/);
    expect(factor(0)).toMatch(/^– of 0 gains and 0 losses .* neither gains nor losses so far/);
    expect(factor(0, 0)).toBeUndefined();
  });

  it('keeps the mean as recorded where there is no evidence yet, and says so', () => {
    const fresh = { ...EPOCH, n: 0, wins: 0, losses: 0, mean: null };
    const shown = figures({ epoch: fresh, interval: null, rawMean: null });
    expect([...shown.keys()]).toEqual(['Mean, as recorded']);
    expect([...shown.values()].join()).toContain(
      'The evidence starts at #4,187, and no value has come since.',
    );
    expect([...figures({ epoch: null, clip: null, rawMean: null, profitFactor: null }).keys()]).toEqual([
      'Mean, as recorded',
    ]);
  });

  it('says why an interval is missing, and never minus zero', () => {
    expect(figures({ interval: null }).get('Mean within 0 to 60 exact')).toContain('no interval: that takes');
    const shown = figures({ mean: -0.001, interval: { low: -0.012, high: -0.004 } });
    expect([...shown.values()].join()).not.toMatch(/[−-]0(?![.\d])/);
  });
});
