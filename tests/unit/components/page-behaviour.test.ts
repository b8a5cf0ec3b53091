import { describe, expect, it } from 'vitest';
import { badgeOf } from '#lib/components/live/badge.ts';
import { secondsToCatchUp } from '#lib/components/live/catch-up.ts';
import { FlashGate } from '#lib/components/ui/flash-gate.ts';
import { isCurrent, placesOf } from '#lib/components/views/shell/shell-data.ts';
import {
  readAddress,
  sortedBy,
  sortLink,
  toPatternQuery,
  writeAddress,
} from '#lib/contracts/pattern-address.ts';
import { patternQuerySchema } from '#lib/contracts/pattern.ts';

describe('FlashGate', () => {
  it('lets a figure flash once in two seconds', () => {
    const gate = new FlashGate();
    const figure = Symbol('a');
    expect(gate.changed(figure, 0)).toBe(true);
    expect(gate.changed(figure, 1_999)).toBe(false);
    expect(gate.changed(figure, 4_000)).toBe(true);
  });

  it('takes everything that one outcome moves for one change', () => {
    const gate = new FlashGate();
    const flashed = Array.from({ length: 12 }, (_, index) => gate.changed(Symbol(String(index)), index));
    expect(flashed.every(Boolean)).toBe(true);
  });

  it('holds still while the page changes more than five times a second', () => {
    const gate = new FlashGate();
    const flashed = Array.from({ length: 8 }, (_, index) => gate.changed(Symbol(String(index)), index * 100));
    expect(flashed).toEqual([true, true, true, true, true, false, false, false]);
    expect(gate.changed(Symbol('later'), 3_000)).toBe(true);
  });
});

describe('the badge', () => {
  it('has a word for every state', () => {
    expect(badgeOf('live', 0)).toEqual({ state: 'live', word: 'Live' });
    expect(badgeOf('live', 12_400)).toEqual({ state: 'catching', word: 'Catching up' });
    expect(badgeOf('reconnecting', 0)).toEqual({ state: 'stale', word: 'Reconnecting' });
    expect(badgeOf('off', 0).word).toBe('Not live');
    expect(badgeOf('paused', 31).word).toBe('Paused');
    expect(badgeOf('polling', 0)).toEqual({ state: 'polling', word: 'Polling every 5 s' });
    expect(badgeOf('off', 0, false)).toEqual({ state: 'off', word: 'Off' });
  });

  it('tells how long catching up takes from the pace so far, and nothing without a pace', () => {
    expect(secondsToCatchUp({ asOf: 1_000, at: 0 }, { asOf: 5_000, at: 2_000 }, 12_400)).toBe(7);
    expect(secondsToCatchUp({ asOf: 1_000, at: 0 }, { asOf: 1_000, at: 2_000 }, 12_400)).toBeNull();
    expect(secondsToCatchUp(null, { asOf: 5_000, at: 2_000 }, 12_400)).toBeNull();
  });
});

describe('the address of the patterns page', () => {
  const read = (search: string) => readAddress(new URLSearchParams(search));

  it('reads back what it writes', () => {
    const search =
      '?status=collecting&direction=worse&depth=2&search=contact&sort=n&order=asc&view=cards&show=100';
    expect(writeAddress(read(search))).toBe(search);
  });

  it('takes what it does not know for absent', () => {
    expect(writeAddress(read('?status=great&depth=9&sort=luck&show=-3&order=sideways'))).toBe('?');
  });

  it('takes what nobody can ask for as absent, too: no value yet, too long, the same twice', () => {
    const long = 'x'.repeat(601);
    const where = ['score:', 'score', ':5', '', `contact:${long}`, 'contact:letter', 'contact:letter'];
    const open = ['p_1', 'x'.repeat(81), 'p_1'];
    const params = new URLSearchParams([
      ...where.map((text) => ['where', text]),
      ...open.map((id) => ['open', id]),
    ]);
    expect(readAddress(params)).toMatchObject({ where: ['contact:letter'], open: ['p_1'] });
    expect(patternQuerySchema.safeParse(toPatternQuery(readAddress(params))).success).toBe(true);
  });

  it('keeps conditions, what is open and how it is listed', () => {
    const search = '?where=contact%3Acellular&where=housing%3Ano&flat=1&choose=1&open=p_1&open=p_2';
    expect(writeAddress(read(search))).toBe(search);
    expect(toPatternQuery(read(search)).where).toEqual(['contact:cellular', 'housing:no']);
  });

  it('folds what another pattern explains, but not when words are looked for', () => {
    expect(toPatternQuery(read('')).explainedBy).toBe('none');
    expect(toPatternQuery(read('?flat=1')).explainedBy).toBeUndefined();
    expect(toPatternQuery(read('?search=contact')).explainedBy).toBeUndefined();
  });

  it('closes what was open when something else is listed, and keeps the place otherwise', () => {
    expect(writeAddress(read('?open=p_1&show=200'), { status: 'confirmed' })).toBe('?status=confirmed');
    expect(writeAddress(read('?show=200'), { open: ['p_1'] })).toBe('?open=p_1&show=200');
  });

  it('starts at the top when what is listed changes', () => {
    expect(writeAddress(read('?show=200&cursor=abc'), { direction: 'better' })).toBe('?direction=better');
  });

  it('sorts a column in its natural order first, then the other way round', () => {
    expect(sortLink(read(''), 'n')).toBe('?sort=n');
    expect(sortLink(read('?sort=n'), 'n')).toBe('?sort=n&order=asc');
    expect(sortedBy(read('?sort=p'), 'p')).toBe('ascending');
    expect(sortedBy(read('?sort=p'), 'n')).toBeNull();
  });

  it('shows at most a thousand at once', () => {
    expect(toPatternQuery(read('?show=99999')).limit).toBe(1_000);
  });
});

describe('the navigation', () => {
  const may = { record: true, analyse: true, manage: true, operate: false };
  const workspace = { slug: 'a b', name: 'A', timezone: 'UTC', simulated: false };
  const [live, outcomes] = placesOf({ workspace, may });

  it('shows the activity to admins and to nobody else', () => {
    const labels = (manage: boolean) =>
      placesOf({ workspace, may: { ...may, manage } }).map(({ label }) => label);
    expect(labels(true)).toContain('Activity');
    expect(labels(false)).not.toContain('Activity');
  });

  it('marks the page a place owns, and only Live itself', () => {
    expect(live && isCurrent(live, '/w/a%20b')).toBe(true);
    expect(live && isCurrent(live, '/w/a%20b/patterns')).toBe(false);
    expect(outcomes && isCurrent(outcomes, '/w/a%20b/outcomes/123')).toBe(true);
    expect(outcomes && isCurrent(outcomes, '/w/a%20b/outcomes/new')).toBe(false);
  });
});
