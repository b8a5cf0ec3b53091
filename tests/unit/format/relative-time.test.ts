import { describe, expect, it } from 'vitest';
import { clockTime, exactTime, relativeTime } from '#lib/format/relative-time.ts';

const NOW = Date.parse('2025-11-20T18:00:00Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

describe('relativeTime', () => {
  it.each([
    [0, 'now'],
    [14, '14 s'],
    [6 * 60 + 59, '6 min'],
    [2 * 3600, '2 h'],
    [7 * 3600, '11:00'],
  ])('%s seconds ago is %s', (seconds, words) => expect(relativeTime(ago(seconds), NOW)).toBe(words));

  it('is a date before today and has the year before this year', () => {
    expect(relativeTime('2025-11-03T09:00:00Z', NOW)).toBe('3 Nov');
    expect(relativeTime('2024-11-03T09:00:00Z', NOW)).toBe('3 Nov 2024');
  });

  it('takes today from the time zone of the workspace', () => {
    // 22:30 UTC on the 19th is the 20th in Auckland, where it is now 07:00 on the 21st.
    expect(relativeTime('2025-11-20T10:30:00Z', NOW, 'Pacific/Auckland')).toBe('20 Nov');
    expect(relativeTime('2025-11-20T10:30:00Z', NOW, 'UTC')).toBe('10:30');
  });

  it('a clock that is a little ahead still reads as now, a planned time as its hour', () => {
    expect(relativeTime(ago(-30), NOW)).toBe('now');
    expect(relativeTime(ago(-3600), NOW)).toBe('19:00');
  });
});

describe('exact times', () => {
  it('names the zone', () => {
    expect(exactTime('2025-11-03T13:30:05Z', 'Europe/Paris')).toBe('3 Nov 2025, 14:30:05 CET');
    expect(clockTime(NOW, 'UTC', true)).toBe('18:00:00');
  });
});
