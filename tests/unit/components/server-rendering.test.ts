import NoOutcomes from '#lib/components/views/live/NoOutcomes.svelte';
import { render } from 'svelte/server';
import { describe, expect, it } from 'vitest';
import IntervalAxis from '#lib/components/charts/IntervalAxis.svelte';
import IntervalMark from '#lib/components/charts/IntervalMark.svelte';
import { oddsAxis } from '#lib/components/charts/odds-axis.ts';
import Sparkline from '#lib/components/charts/Sparkline.svelte';
import ConfidenceChart from '#lib/components/charts/ConfidenceChart.svelte';
import OddsChart from '#lib/components/charts/OddsChart.svelte';
import HereMenu from '#lib/components/live/HereMenu.svelte';
import ConfidenceMeter from '#lib/components/patterns/ConfidenceMeter.svelte';
import Movers from '#lib/components/patterns/Movers.svelte';
import StatusWord from '#lib/components/patterns/StatusWord.svelte';
import SystemNotices from '#lib/components/views/shell/SystemNotices.svelte';
import Receipt from '#lib/components/ui/Receipt.svelte';
import type { SystemError } from '#lib/contracts/notices.ts';
import { wilsonInterval } from '#domain/statistics/wilson-interval.ts';

const axis = oddsAxis([0.05, 0.4]);
const mark = (successes: number, n: number, more: object = {}) =>
  render(IntervalMark, {
    props: {
      n,
      successes,
      rate: n === 0 ? null : successes / n,
      ...wilsonInterval(successes, n),
      rest: 0.058,
      status: 'collecting' as const,
      axis,
      ...more,
    },
  }).body;
const text = (html: string) =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .trim();

describe('IntervalMark', () => {
  it('is an image with a sentence', () => {
    expect(mark(4_369, 29_285)).toMatch(
      /role="img" aria-label="14.9% of 29,285, 95% interval 14.5–15.3%; the rest 5.8%"/,
    );
  });

  it('writes a count under five cases and keeps dot and dashed band', () => {
    const html = mark(1, 3, { status: 'confirmed' });
    expect(html).toContain('aria-label="1 of 3, 95% interval 6–79%; the rest 5.8%"');
    expect(html).toMatch(/class="im collecting/);
    expect(html).toContain('class="dot"');
  });

  it('draws the axis alone without cases', () => {
    const html = mark(0, 0);
    expect(html).toContain('aria-label="No cases yet"');
    expect(html).not.toContain('class="dot"');
    expect(html).not.toContain('class="band"');
  });

  it('opens the band where the axis ends before it', () => {
    expect(mark(0, 30)).toContain('class="cap"');
    expect(mark(15, 100)).not.toContain('class="cap"');
  });

  it('takes its colour from the status and never from the interval', () => {
    expect(mark(400, 1_000)).toMatch(/class="im collecting"/);
    expect(mark(400, 1_000, { status: 'confirmed', below: true })).toMatch(/class="im confirmed below"/);
  });
});

describe('IntervalAxis', () => {
  it('labels the ticks and is hidden from screen readers', () => {
    const html = render(IntervalAxis, { props: { axis } }).body;
    expect(html).toContain('aria-hidden="true"');
    expect(html.match(/<text/g)?.length).toBe(axis.ticks.length);
  });
});

describe('ConfidenceMeter', () => {
  const meter = (
    status: 'collecting' | 'emerging',
    confidence: number | null,
    confidenceWorse = 0,
    comparable?: boolean,
    restN = 400,
  ) =>
    render(ConfidenceMeter, {
      props: {
        pattern: {
          n: 40,
          rest: { n: restN, successes: 0, rate: 0, wilson: { low: 0, high: 1 } },
          status,
          confidence,
          confidenceWorse: confidence === null ? null : confidenceWorse,
          direction: status === 'collecting' ? null : 'better',
          trend: null,
          period: comparable !== undefined,
          comparable: comparable ?? true,
        },
      },
    }).body;

  it('shows no number where no evidence is gathered', () => {
    const html = meter('collecting', null);
    expect(text(html)).toBe('Collecting confidence: no evidence is gathered for it–');
    expect(html).not.toContain('class="fill"');
  });

  it('is coloured from 0.80 on, cut and not rounded', () => {
    const [under, reached] = [meter('collecting', 0.7999), meter('emerging', 0.8)];
    expect([text(under), /class="cs on/.test(under)]).toEqual([
      'Collecting Confidence 0.79 that it is better than the rest, the line is 0.80',
      false,
    ]);
    expect([text(reached), /class="cs on/.test(reached)]).toEqual([
      'Emerging Confidence 0.80 that it is better than the rest, the line is 0.80',
      true,
    ]);
  });

  it('shows the stronger side while none stands, in no colour', () => {
    const html = meter('collecting', 0.01, 0.95);
    expect(text(html)).toContain('0.95 below that it is worse than the rest');
    expect(html).not.toMatch(/class="cs on/);
    expect(text(meter('collecting', 0.01, 0.1))).not.toContain('below');
  });

  it('has no full bar where periods are not known to agree', () => {
    const html = meter('collecting', 0.95, 0, false);
    expect(html).toMatch(/class="cs void/);
    expect(text(html)).toContain('which says nothing while the periods are not known to agree');
    const few = meter('collecting', 0.95, 0, undefined, 9);
    expect(few).toMatch(/class="cs void/);
    expect(text(few)).toContain('with too few outcomes to compare yet');
    expect(meter('collecting', 0.95, 0, true)).not.toMatch(/void/);
  });
});

describe('ConfidenceChart', () => {
  const point = (position: number, logEPlus: number) => ({
    position,
    n: position / 10,
    successes: position / 50,
    restN: position,
    restSuccesses: position / 10,
    logEPlus,
    logEMinus: -logEPlus,
    confidence: 0.5,
    confidenceWorse: 0.01,
    oddsRatio: { low: 1.1, high: 2, estimate: 1.5 },
  });
  const points = [point(1_000, 0.4), point(2_000, 2), point(3_000, 4), point(4_000, 9)];

  it('is drawn on the server, with its lines, events and a table', () => {
    const html = render(ConfidenceChart, {
      props: {
        trajectory: { asOf: 4_000, startedAt: 0, points, needed: [] },
        side: 'better',
        stands: true,
        events: [
          { kind: 'emerging', side: 'better', position: 2_500 },
          { kind: 'confirmed', side: 'better', position: 3_900 },
        ],
        neededNow: 7,
      },
    }).body;
    expect(html).toMatch(/<path[^>]* d="M/);
    expect(html).toContain('Emerging at #2,500. Confirmed at #3,900.');
    expect(text(html)).toContain('needed for confirmed today');
    expect(html).toContain('Show as table');
    expect(html.match(/<tr/g)).toHaveLength(points.length + 1);
  });

  it('marks nothing that was said of the other side, or by another way to compare', () => {
    const html = render(ConfidenceChart, {
      props: {
        trajectory: { asOf: 4_000, startedAt: 0, points, needed: [] },
        side: 'worse',
        stands: true,
        events: [
          { kind: 'confirmed', side: 'better', position: 2_500 },
          { kind: 'weakening', side: 'worse', position: 2_900 },
          { kind: 'period', side: 'worse', position: 3_000 },
          { kind: 'lost', side: 'worse', position: 3_000 },
          { kind: 'emerging', side: 'worse', position: 3_900 },
        ],
      },
    }).body;
    expect(html).toContain('Emerging at #3,900.');
    expect(html).not.toContain('Confirmed');
    expect(html).not.toMatch(/Lost|Weakening|class="event (confirmed|lost|weakening)/);
  });

  it('draws an earlier epoch on its own side, and says which it is', () => {
    const html = render(ConfidenceChart, {
      props: {
        trajectory: { asOf: 4_000, startedAt: 2_000, points: points.slice(2), needed: [] },
        side: 'better',
        stands: true,
        earlier: [
          {
            startedAt: 0,
            side: 'worse',
            stands: true,
            points: [1_000, 1_900].map((position) => ({ position, n: 5, logEPlus: -9, logEMinus: 4 })),
          },
        ],
        events: [
          { kind: 'confirmed', side: 'worse', position: 1_500 },
          { kind: 'emerging', side: 'better', position: 1_600 },
          { kind: 'weakening', side: 'worse', position: 2_000 },
          { kind: 'confirmed', side: 'better', position: 3_900 },
        ],
      },
    }).body;
    const words =
      'Confidence up to #2,000 that it does worse, since then that it does better. ' +
      'Its evidence began anew at #2,000.';
    expect(html).toContain(`${words} Confirmed at #1,500. Weakening at #2,000. Confirmed at #3,900.`);
    expect(text(html)).toContain(words);
    expect(html).toMatch(/class="event confirmed worse/);
    expect(html.match(/class="[^"]*\bln worse/g)).toHaveLength(1);
    const rows = [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([row]) => text(row.replace(/<\/td>/g, ' ')));
    expect(rows.slice(1, 4)).toEqual([
      '#1,000 5 0.91 worse 4.00',
      '#1,900 5 0.91 worse 4.00',
      '#3,000 300 0.91 better 4.00',
    ]);
  });

  it('has an odds chart with the interval in words', () => {
    const html = render(OddsChart, { props: { points } }).body;
    expect(html).toContain('1.10–2.00×');
    expect(html).toMatch(/<path[^>]* d="M/);
  });
});

describe('Movers', () => {
  it('writes no number that nobody can read', () => {
    const movers = [30, 8.2, 0.5, -0.001].map((logEChange, i) => ({
      position: 8_019 + i,
      outcomeId: null,
      subject: null,
      variant: null,
      result: 'success' as const,
      logEChange,
      logE: 1,
    }));
    const html = text(render(Movers, { props: { movers, side: 'better', base: '/w/calls' } }).body);
    expect(html).toContain('× over a million');
    expect(html).toContain('× 3,641');
    expect(html).toContain('× 1.65');
    expect(html).toContain('hardly');
  });
});

describe('StatusWord', () => {
  it('adds below only to what evidence can say', () => {
    const words = (status: 'confirmed' | 'collecting') =>
      text(render(StatusWord, { props: { status, below: true } }).body);
    expect([words('confirmed'), words('collecting')]).toEqual(['Confirmed below', 'Collecting']);
  });
});

describe('Sparkline', () => {
  const points = [100, 200, 300].map((position) => ({ position, n: position, successes: position / 10 }));

  it('is drawn on the server, line and interval', () => {
    const html = render(Sparkline, { props: { points, label: 'Conversion' } }).body;
    expect(html).toContain('aria-label="Conversion over the log, from 10.0% at #100 to 10.0% at #300"');
    expect(html.match(/<path[^>]* d="M[^"]+"/g)?.length).toBe(3);
  });

  it('draws nothing from too few cases', () => {
    expect(text(render(Sparkline, { props: { points: points.slice(0, 1), label: 'Conversion' } }).body)).toBe(
      '',
    );
  });
});

describe('Receipt', () => {
  it('keeps the order n, interval, as of, behind', () => {
    const html = render(Receipt, {
      props: { behindMs: 210, asOf: 45_211, n: 8_791, interval: { low: 0.18, high: 0.196 } },
    }).body;
    expect(text(html)).toBe('n 8,791 · 18.0–19.6% · as of #45,211 · 0.2 s behind');
  });
});

describe('SystemNotices', () => {
  const HOUR_MS = 3_600_000;
  const notices = (fromMs: number, untilMs: number, errors: readonly SystemError[] = []) =>
    render(SystemNotices, {
      props: {
        maintenance: {
          message: 'We <update> Telltale',
          from: new Date(fromMs).toISOString(),
          until: new Date(untilMs).toISOString(),
        },
        errors,
        workspace: { slug: 'calls', timezone: 'UTC' },
      },
    }).body;

  it('says when and what, with the exact times, until it is past', () => {
    const now = Date.now();
    const coming = notices(now + HOUR_MS, now + 2 * HOUR_MS);
    expect(text(coming)).toMatch(
      /^Maintenance (today|tomorrow) \d\d:\d\d(–| – tomorrow )\d\d:\d\d: We &lt;update> Telltale$/,
    );
    expect(coming).toContain(`datetime="${new Date(now + HOUR_MS).toISOString()}"`);
    expect(coming).toContain('role="status"');
    expect(text(notices(now - HOUR_MS, now + HOUR_MS))).toMatch(
      /^Maintenance now, until (tomorrow )?\d\d:\d\d: We/,
    );
    expect(text(notices(now - 2 * HOUR_MS, now - HOUR_MS))).toBe('');
  });

  it('says what is wrong and where to look', () => {
    const at = new Date().toISOString();
    const error = { severity: 'critical', kind: 'fold-check', message: 'The figures differ.', at } as const;
    const html = notices(0, 1, [error]);
    expect(text(html)).toBe('The figures differ. Open honesty check since now');
    expect(html).toContain('href="/w/calls/honesty"');
    expect(html).toMatch(/class="note f/);
  });
});

describe('HereMenu', () => {
  const here = (named: number, count: number) => {
    const people = Array.from({ length: named }, (_, i) => ({
      userId: `u${i}`,
      name: `Person ${i}`,
      since: '2026-01-01T00:00:00.000Z',
    }));
    return render(HereMenu, { props: { others: { people, count }, timezone: 'UTC' } }).body;
  };

  it('counts those whom it does not name, and its list is reached by keyboard', () => {
    const html = here(50, 1_000);
    expect(html).toContain('Also here: Person 0, Person 1, Person 2 and 997 more');
    expect(html.match(/<li/g)).toHaveLength(51);
    expect(text(html)).toMatch(/and 950 more$/);
    expect(html).toMatch(/role="group"[^>]* tabindex="0"/);
    expect(here(0, 900)).toContain('Also here: 900 more');
    expect(text(here(2, 2))).not.toContain('more');
  });

  it('is not there without anybody', () => {
    expect(text(here(0, 0))).toBe('');
  });
});

describe('NoOutcomes', () => {
  const said = (outcomes: number, tracked: number) =>
    text(
      render(NoOutcomes, {
        props: { base: '/w/a', mayRecord: false, mayManage: false, empty: outcomes === 0, outcomes, tracked },
      }).body,
    );

  it('tells too little support from patterns of which none stands out', () => {
    expect(said(12, 0)).toContain('No pattern has enough support yet');
    expect(said(4_660, 11)).toContain('No pattern stands out yet');
    expect(said(4_660, 11)).toMatch(/4,660 outcomes so far\. None of the 11 patterns that are tracked/);
  });
});
