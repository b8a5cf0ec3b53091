import { render } from 'svelte/server';
import { describe, expect, it } from 'vitest';
import IntervalAxis from '#lib/components/charts/IntervalAxis.svelte';
import IntervalMark from '#lib/components/charts/IntervalMark.svelte';
import { oddsAxis } from '#lib/components/charts/odds-axis.ts';
import Sparkline from '#lib/components/charts/Sparkline.svelte';
import ConfidenceMeter from '#lib/components/patterns/ConfidenceMeter.svelte';
import StatusWord from '#lib/components/patterns/StatusWord.svelte';
import Receipt from '#lib/components/ui/Receipt.svelte';
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
  it('shows no number while evidence is not gathered', () => {
    const html = render(ConfidenceMeter, { props: { status: 'collecting', confidence: null } }).body;
    expect(text(html)).toBe('Collecting confidence: evidence is not gathered yet–');
    expect(html).not.toContain('class="fill"');
  });

  it('is coloured from 0.80 on, cut and not rounded', () => {
    const under = render(ConfidenceMeter, { props: { status: 'collecting', confidence: 0.7999 } }).body;
    const reached = render(ConfidenceMeter, { props: { status: 'emerging', confidence: 0.8 } }).body;
    expect([text(under), /class="cs on/.test(under)]).toEqual(['Collecting confidence 0.79', false]);
    expect([text(reached), /class="cs on/.test(reached)]).toEqual(['Emerging confidence 0.80', true]);
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
