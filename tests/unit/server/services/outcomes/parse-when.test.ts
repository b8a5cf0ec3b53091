import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatWhen, parseWhen } from '#lib/server/services/outcomes/parse-when.ts';

/** Friday, 20 November 2026, 14:05 in Berlin. */
const NOW = Date.parse('2026-11-20T13:05:00Z');
const at = (text: string, zone = 'Europe/Berlin', now = NOW) => {
  const when = parseWhen(text, now, zone);
  return when.kind === 'at' ? new Date(when.ms).toISOString() : when.kind;
};

describe('parseWhen', () => {
  it.each(['', ' ', 'now', 'Now', 'NOW '])('reads %j as now', (text) => {
    expect(at(text)).toBe('now');
  });

  it.each([
    ['yesterday 16:30', '2026-11-19T15:30:00.000Z'],
    ['yesterday at 4:30 pm', '2026-11-19T15:30:00.000Z'],
    ['today 9:00', '2026-11-20T08:00:00.000Z'],
    ['9:00', '2026-11-20T08:00:00.000Z'],
    ['2 hours ago', '2026-11-20T11:05:00.000Z'],
    ['3 Nov 14:00', '2026-11-03T13:00:00.000Z'],
    ['2026-03-01 16:30', '2026-03-01T15:30:00.000Z'],
    ['2026-07-01 16:30:15', '2026-07-01T14:30:15.000Z'],
    ['2026-03-01T16:30:00Z', '2026-03-01T16:30:00.000Z'],
    ['2026-03-01T16:30:00+05:00', '2026-03-01T11:30:00.000Z'],
    ['01/03/2026 16:30', '2026-03-01T15:30:00.000Z'],
  ])('reads %s in the zone of the workspace', (text, iso) => {
    expect(at(text)).toBe(iso);
  });

  it('knows that another zone has another yesterday', () => {
    const lateInUtc = Date.parse('2026-11-20T23:30:00Z');
    expect(at('yesterday 16:30', 'Pacific/Auckland', lateInUtc)).toBe('2026-11-20T03:30:00.000Z');
    expect(at('yesterday 16:30', 'America/Los_Angeles', lateInUtc)).toBe('2026-11-20T00:30:00.000Z');
  });

  it('refuses what it does not wholly understand', () => {
    for (const text of [
      'gestern',
      'soon',
      'yesterday maybe 16:30 or so',
      '3 Nov to 5 Nov',
      'banana 2026-03-01 16:30',
    ]) {
      expect(at(text)).toBe('unreadable');
    }
  });

  it('reads back what formatWhen writes, to the second', () => {
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/St_Johns',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
    );
    const seconds = fc.integer({
      min: Date.parse('1970-01-02') / 1000,
      max: Date.parse('2037-01-01') / 1000,
    });
    fc.assert(
      fc.property(zones, seconds, (zone, second) => {
        const written = formatWhen(second * 1000, zone);
        const when = parseWhen(written, NOW, zone);
        // An hour that a clock shows twice is read as the first of them: the text is the same.
        expect(when.kind === 'at' ? formatWhen(when.ms, zone) : when.kind).toBe(written);
      }),
      { numRuns: 500 },
    );
  });
});
