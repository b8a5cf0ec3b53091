import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/server/errors.ts';
import { parseMaintenance } from '#lib/server/services/notices/parse-maintenance.ts';

/** Friday, 20 November 2026, 14:05 in Berlin. */
const NOW = Date.parse('2026-11-20T13:05:00Z');
const input = { message: 'We update', from: 'today 18:00', until: '18:30', timezone: 'Europe/Berlin' };

function times(more: Partial<typeof input>): [string, string] {
  const { fromMs, untilMs } = parseMaintenance({ ...input, ...more }, NOW + 250);
  return [new Date(fromMs).toISOString(), new Date(untilMs).toISOString()];
}
function wrongField(more: object): string {
  try {
    parseMaintenance({ ...input, ...more }, NOW);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown.issues.map(({ path }) => path).join(' ');
    throw thrown;
  }
  return 'none';
}

describe('a maintenance as it is written', () => {
  it.each([
    [{}, '2026-11-20T17:00:00.000Z', '2026-11-20T17:30:00.000Z'],
    [
      { timezone: 'Asia/Tokyo', from: 'tomorrow 9:00', until: '9:30' },
      '2026-11-21T00:00:00.000Z',
      '2026-11-21T00:30:00.000Z',
    ],
    [{ from: 'tomorrow 18:00' }, '2026-11-21T17:00:00.000Z', '2026-11-21T17:30:00.000Z'],
    [{ from: '2026-12-04 23:30', until: '0:30' }, '2026-12-04T22:30:00.000Z', '2026-12-04T23:30:00.000Z'],
    // Nights in which a day has 23 and 25 hours.
    [{ from: '2027-03-27 23:30', until: '00:15' }, '2027-03-27T22:30:00.000Z', '2027-03-27T23:15:00.000Z'],
    [{ from: '2027-10-31 00:30', until: '00:15' }, '2027-10-30T22:30:00.000Z', '2027-10-31T23:15:00.000Z'],
    [{ from: '', until: 'in 30 minutes' }, '2026-11-20T13:05:00.000Z', '2026-11-20T13:35:00.000Z'],
    [{ from: '14:00', until: '2026-11-21 09:00' }, '2026-11-20T13:00:00.000Z', '2026-11-21T08:00:00.000Z'],
  ])('%j is %s to %s', (more, from, until) => {
    expect(times(more)).toEqual([from, until]);
  });

  it.each([
    [{ message: '  ' }, 'message'],
    [{ message: 'x'.repeat(201) }, 'message'],
    [{ from: 'when it suits' }, 'from'],
    [{ until: '' }, 'until'],
    [{ until: 'later, maybe' }, 'until'],
    [{ until: '2026-11-20 17:59' }, 'until'],
    [{ from: 'today 9:00', until: '9:30' }, 'until'],
    [{ timezone: 'Middle-earth/Shire' }, 'timezone'],
    [{ until: undefined }, 'until'],
  ])('%j is refused at %s', (more, path) => {
    expect(wrongField(more)).toBe(path);
  });
});
