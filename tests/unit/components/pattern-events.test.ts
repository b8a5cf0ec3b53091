import { render } from 'svelte/server';
import { describe, expect, it } from 'vitest';
import PatternEvents from '#lib/components/patterns/PatternEvents.svelte';
import type { HistoryPoint } from '#lib/contracts/pattern-insight.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';

type Event = HistoryPoint['events'][number];
const event = (kind: Event['kind'], position: number): Event => ({ kind, position, side: 'better' });

const point = (position: number, events: Event[]): HistoryPoint => ({
  position,
  at: '2026-01-05T10:00:00Z',
  n: position,
  successes: 1,
  rate: 0.1,
  wilson: { low: 0, high: 1 },
  confidence: 0.9,
  confidenceWorse: 0,
  confidenceBefore: 0.8,
  logE: 2,
  status: 'confirmed',
  events,
  trigger: null,
  processingMs: 1,
});

/** What it lists, the newest first. */
function shown(points: HistoryPoint[], status: PatternView['status'] = 'confirmed'): string[] {
  const { body } = render(PatternEvents, { props: { points, status, changed: null, timezone: 'UTC' } });
  return [...body.matchAll(/<p\b.*?<\/p>/gs)].map(([html]) =>
    html
      .replace(/<[^>]*>/g, '')
      .replace(/\s+/g, ' ')
      .trim(),
  );
}

describe('what has happened to a pattern', () => {
  it('is what the last reading of its log has found, and what came since', () => {
    const lines = shown([
      point(400, [event('confirmed', 390)]),
      point(500, [event('reread', 500), event('emerging', 120), event('confirmed', 410)]),
      point(600, [event('weakening', 600)]),
    ]);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^Weakening at #600 · n 600 · /);
    expect(lines[1]).toMatch(/^The log was read anew.* at #500 · n 500 · /);
    // When that was is not known: the time is that of the reading.
    expect(lines.slice(2)).toEqual(['Confirmed at #410', 'Emerging at #120']);
  });

  it('is nothing yet only where it has been collecting all along', () => {
    expect(shown([point(500, [])], 'collecting')).toEqual([expect.stringContaining('collecting since')]);
    expect(shown([point(500, [])], 'emerging')).toEqual(['Nothing is kept of what has happened to it.']);
  });
});
