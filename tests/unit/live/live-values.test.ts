import { describe, expect, it } from 'vitest';
import type { MetricsView } from '#lib/contracts/metrics.ts';
import type { OutcomeView } from '#lib/contracts/outcome.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import { LiveMetrics, LiveOutcomes, LivePatterns, LiveStanding, type LiveFeed } from '#lib/live/index.ts';
import { placeOutcomes, takeOutcomes, type LatestOutcomes } from '#lib/live/latest-outcomes.ts';

const showRows: LiveFeed['showRows'] = (_owner, show) => show();
const feed = { history: 'one ep0a', showRows } as LiveFeed;
const metrics = (asOf: number, more: Partial<MetricsView> = {}) =>
  ({ asOf, outcomes: asOf, ...more }) as MetricsView;
const pattern = (id: string, n: number, more: Partial<PatternView> = {}) =>
  ({ id, n, successes: 0, status: 'collecting', label: id, ...more }) as PatternView;
const outcome = (id: string, more: Partial<OutcomeView> = {}) =>
  ({ id, revision: 1, deletedAt: null, position: null, ...more }) as OutcomeView;

describe('live metrics', () => {
  it('start as rendered, move forward only, and give way to a newer load', () => {
    let base = metrics(10, { history: [{ position: 10, n: 10, successes: 1 }] });
    const live = new LiveMetrics(feed, () => base);
    expect(live.value).toBe(base);
    live.apply(metrics(9));
    expect(live.value.asOf).toBe(10);
    live.apply(metrics(12));
    expect(live.value).toMatchObject({ asOf: 12, history: [{ position: 10 }] });
    expect(live.changed).toBe(1);
    live.apply(metrics(12, { waiting: 3 }));
    expect(live.value.waiting).toBe(3);
    base = metrics(20);
    expect(live.value).toBe(base);
  });

  it('of one workspace, or of one history, are not shown in another', () => {
    for (const other of ['two ep0a', 'one ep1b']) {
      const moving = { history: 'one ep0a' };
      const live = new LiveMetrics(moving as LiveFeed, () => metrics(1));
      live.apply(metrics(500));
      moving.history = other;
      expect(live.value.asOf).toBe(1);
    }
  });
});

describe('what stands', () => {
  const notice = (message: string) => ({ message, from: '', until: '' });
  const standing = (rev: number, message: string | null) => ({
    key: 'maintenance',
    rev,
    value: message === null ? null : notice(message),
  });

  it('is the newer of what was rendered and what was told, until it is deleted', () => {
    let base = [standing(1, 'first')];
    const live = new LiveStanding<'system.maintenance'>(feed, () => base);
    const messages = () => live.items.map(({ message }) => message);
    const take = (rev: number, op: 'upsert' | 'delete', message: string) =>
      live.take(notice(message), { key: 'maintenance', rev, op });
    expect(messages()).toEqual(['first']);
    take(2, 'upsert', 'second');
    expect(messages()).toEqual(['second']);
    take(3, 'delete', 'second');
    expect(messages()).toEqual([]);
    base = [standing(4, 'fourth')];
    expect(messages()).toEqual(['fourth']);
    base = [standing(5, null)];
    expect(messages()).toEqual([]);
  });

  it('is of one workspace and one history', () => {
    const moving = { history: 'one ep0a' };
    const live = new LiveStanding<'system.maintenance'>(moving as LiveFeed, () => []);
    live.take(notice('here'), { key: 'maintenance', rev: 9, op: 'upsert' });
    expect(live.items).toHaveLength(1);
    moving.history = 'two ep0a';
    expect(live.items).toEqual([]);
  });
});

describe('live patterns', () => {
  it('are in the order of the leaders, also one that comes back', () => {
    const base = { asOf: 5, items: [pattern('a', 1), pattern('b', 2), pattern('c', 3)] };
    const live = new LivePatterns(feed, () => base);
    live.apply({
      more: 0,
      totals: { n: 100, successes: 20 },
      asOf: 6,
      leaders: ['b', 'd'],
      items: [pattern('d', 9), pattern('b', 2)],
    });
    expect(live.items.map(({ id }) => id)).toEqual(['b', 'd']);
    live.apply({
      more: 0,
      totals: { n: 100, successes: 20 },
      asOf: 7,
      leaders: ['a', 'd', 'b'],
      items: [pattern('b', 3), pattern('a', 1)],
    });
    expect(live.items.map(({ id, n }) => [id, n])).toEqual([
      ['a', 1],
      ['d', 9],
      ['b', 3],
    ]);
    // Its own counts stand; the rest is what the totals leave.
    expect(live.items[1]?.rest).toMatchObject({ n: 91, successes: 20 });
    live.apply({ more: 0, totals: { n: 100, successes: 20 }, asOf: 4, leaders: [], items: [] });
    expect(live.items).toHaveLength(3);
    expect(live.asOf).toBe(7);
  });
});

describe('the newest outcomes', () => {
  const start: LatestOutcomes = { items: [outcome('03'), outcome('02')], arrived: new Map() };
  const take = (state: LatestOutcomes, list: OutcomeView[], limit = 3) =>
    takeOutcomes(state, list, { limit, now: 5 });
  const ids = (state: LatestOutcomes) => state.items.map(({ id }) => id);

  it('come newest first, at most so many, and say which just came', () => {
    const after = take(start, [outcome('05'), outcome('04')]);
    expect(ids(after)).toEqual(['05', '04', '03']);
    expect([...after.arrived]).toEqual([
      ['05', 5],
      ['04', 5],
    ]);
  });

  it('change nothing when they come again', () => {
    const once = take(start, [outcome('04')]);
    expect(take(once, [outcome('04')])).toEqual(once);
    expect(take(start, [outcome('03')]).arrived.size).toBe(0);
  });

  it('take corrections and deletions, and ignore a version older than the one shown', () => {
    const corrected = take(start, [outcome('03', { revision: 2, subject: 'new' })]);
    expect(corrected.items[0]).toMatchObject({ subject: 'new' });
    expect(take(corrected, [outcome('03', { revision: 1, subject: 'old' })]).items[0]).toMatchObject({
      subject: 'new',
    });
    const deleted = take(corrected, [outcome('03', { revision: 3, deletedAt: '2025-01-01' })]);
    expect(ids(deleted)).toEqual(['02']);
    expect(ids(take(deleted, [outcome('03', { revision: 4 })]))).toEqual(['03', '02']);
  });

  it('of a filtered list are those that fit, and one that fits no more goes', () => {
    const of = (id: string, subject: string, revision = 1) => outcome(id, { subject, revision });
    let base = [of('03', 'a'), of('01', 'a')];
    const live = new LiveOutcomes(feed, () => base, { limit: 2, fits: ({ subject }) => subject === 'a' });
    const shown = () => live.items.map(({ id }) => id);
    live.take([of('04', 'b'), of('05', 'b')], 1);
    expect(shown()).toEqual(['03', '01']);
    live.take([of('06', 'a'), of('03', 'b', 2)], 1);
    expect(shown()).toEqual(['06', '01']);
    // Also what came while the page was read again.
    base = [of('03', 'a'), of('01', 'a')];
    expect(shown()).toEqual(['06', '01']);
  });

  it('get their position when they are counted, and keep it', () => {
    const placed = placeOutcomes(start, [{ id: '03', position: 8 }]);
    expect(placed.items.map(({ position }) => position)).toEqual([8, null]);
    expect(take(placed, [outcome('03')]).items[0]?.position).toBe(8);
    expect(take(placed, [outcome('03', { revision: 2 })]).items[0]?.position).toBe(null);
    expect(placeOutcomes(start, [{ id: 'elsewhere', position: 1 }])).toBe(start);
  });
});
