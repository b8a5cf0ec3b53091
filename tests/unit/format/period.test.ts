import { describe, expect, it } from 'vitest';
import { periodWords } from '#lib/format/period.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
/** As a page writes it: the ends joined, or only the second. */
function words(from: string, until: string, timeZone = 'UTC', nowMs = NOW): string {
  const said = periodWords({ from, until }, nowMs, timeZone);
  return said.from === null ? `until ${said.until}` : `${said.from}${said.dash}${said.until}`;
}

describe('periodWords', () => {
  it('names the day once when both ends are in it', () => {
    expect(words('2026-03-01T18:00:00Z', '2026-03-01T18:30:00Z')).toBe('today 18:00–18:30');
    expect(words('2026-03-02T18:00:00Z', '2026-03-02T18:30:00Z')).toBe('tomorrow 18:00–18:30');
    expect(words('2026-03-03T18:00:00Z', '2026-03-03T18:30:00Z')).toBe('3 Mar 18:00–18:30');
    expect(words('2027-03-03T18:00:00Z', '2027-03-03T18:30:00Z')).toBe('3 Mar 2027 18:00–18:30');
  });

  it('names both days otherwise', () => {
    expect(words('2026-03-01T23:30:00Z', '2026-03-02T00:30:00Z')).toBe('today 23:30 – tomorrow 00:30');
    expect(words('2026-03-04T23:30:00Z', '2026-03-05T00:30:00Z')).toBe('4 Mar 23:30 – 5 Mar 00:30');
  });

  it('says only when it ends once it has begun, whenever that was', () => {
    expect(words('2026-03-01T12:00:00Z', '2026-03-01T12:30:00Z')).toBe('until 12:30');
    expect(words('2026-02-27T12:00:00Z', '2026-03-01T12:30:00Z')).toBe('until 12:30');
    expect(words('2026-02-27T12:00:00Z', '2026-03-02T00:30:00Z')).toBe('until tomorrow 00:30');
  });

  it('goes by the calendar of the zone, also on days that have 23 or 25 hours', () => {
    expect(words('2026-03-01T15:30:00Z', '2026-03-01T16:00:00Z', 'Asia/Tokyo')).toBe('tomorrow 00:30–01:00');
    const before = Date.parse('2026-10-24T22:30:00Z');
    expect(words('2026-10-25T22:30:00Z', '2026-10-26T00:30:00Z', 'Europe/Berlin', before)).toBe(
      'today 23:30 – tomorrow 01:30',
    );
    const spring = Date.parse('2026-03-28T22:00:00Z');
    expect(words('2026-03-29T21:30:00Z', '2026-03-29T21:45:00Z', 'Europe/Berlin', spring)).toBe(
      'tomorrow 23:30–23:45',
    );
  });
});
