import { describe, expect, it } from 'vitest';
import { parseTime, type TimeFormat } from '#domain/imports/time-formats.ts';
import { zoneClock } from '#domain/time/zoned-time.ts';

const iso = (text: string, format: TimeFormat, zone = 'UTC') => {
  const ms = parseTime(text, format, zoneClock(zone));
  return ms === null ? null : new Date(ms).toISOString();
};

describe('times of a file', () => {
  it.each<[string, TimeFormat, string]>([
    ['2024-03-31', 'iso', '2024-03-31T00:00:00.000Z'],
    ['2024-03-31 14:05', 'iso', '2024-03-31T14:05:00.000Z'],
    ['2024-03-31T14:05:06.25+02:00', 'iso', '2024-03-31T12:05:06.250Z'],
    ['2024-03-31T14:05:06Z', 'iso', '2024-03-31T14:05:06.000Z'],
    ['31/03/2024 2:05 PM', 'dmy-slash', '2024-03-31T14:05:00.000Z'],
    ['3/31/24 12:00 am', 'mdy-slash', '2024-03-31T00:00:00.000Z'],
    ['31.03.1999, 08:15', 'dmy-dot', '1999-03-31T08:15:00.000Z'],
    ['1 Sept 2024', 'day-month-name', '2024-09-01T00:00:00.000Z'],
    ['March 31, 2024', 'month-name-day', '2024-03-31T00:00:00.000Z'],
    ['20240331', 'compact', '2024-03-31T00:00:00.000Z'],
    ['1711893900', 'unix-seconds', '2024-03-31T14:05:00.000Z'],
    ['1711893900123', 'unix-milliseconds', '2024-03-31T14:05:00.123Z'],
  ])('reads %s as %s', (text, format, expected) => {
    expect(iso(text, format)).toBe(expected);
  });

  it.each<[string, TimeFormat]>([
    ['2023-02-29', 'iso'],
    ['31/04/2024', 'dmy-slash'],
    ['13/13/2024', 'mdy-slash'],
    ['2024-01-01 24:30', 'iso'],
    ['13:00 PM', 'iso'],
    ['yesterday', 'iso'],
    ['0001-01-01', 'iso'],
  ])('refuses %s', (text, format) => {
    expect(iso(text, format)).toBeNull();
  });

  it('takes wall time in the zone, also where the clock jumps', () => {
    expect(iso('2024-07-01 12:00', 'iso', 'Europe/Lisbon')).toBe('2024-07-01T11:00:00.000Z');
    expect(iso('2024-01-01 12:00', 'iso', 'America/New_York')).toBe('2024-01-01T17:00:00.000Z');
    // 02:30 does not exist on that night: it is 03:30.
    expect(iso('2024-03-31 02:30', 'iso', 'Europe/Berlin')).toBe('2024-03-31T01:30:00.000Z');
    // 02:30 happens twice on that night: the first.
    expect(iso('2024-10-27 02:30', 'iso', 'Europe/Berlin')).toBe('2024-10-27T00:30:00.000Z');
    expect(iso('2024-01-01 00:00', 'iso', 'Asia/Kathmandu')).toBe('2023-12-31T18:15:00.000Z');
  });
});
