import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PAINT_EVERY_MS } from '#lib/live/paced-queue.ts';
import { ROWS_EVERY_MS, RowTurns } from '#lib/live/row-turns.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function rowTurns() {
  const began = Date.now();
  const now = () => Date.now() - began;
  const turns = new RowTurns(now);
  const shown: { at: number; rows: string }[] = [];
  const change = (owner: object, rows: string) => turns.wait(owner, () => shown.push({ at: now(), rows }));
  return { turns, shown, change };
}

describe('rows that change all the time', () => {
  it('change with every so many paintings of figures, each list to its newest', () => {
    const { turns, shown, change } = rowTurns();
    const [outcomes, patterns] = [{}, {}];
    for (let at = 0; at < 3_000; at += PAINT_EVERY_MS) {
      change(outcomes, `outcomes ${at}`);
      change(patterns, `patterns ${at}`);
      turns.painting();
      vi.advanceTimersByTime(PAINT_EVERY_MS);
    }
    const times = [...new Set(shown.map(({ at }) => at))];
    const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    expect(gaps.every((gap) => Math.abs(gap - ROWS_EVERY_MS) <= PAINT_EVERY_MS / 2)).toBe(true);
    expect(times.every((at) => at % PAINT_EVERY_MS === 0)).toBe(true);
    expect(shown.map(({ rows }) => rows)).toEqual(
      times.flatMap((at) => [`outcomes ${at}`, `patterns ${at}`]),
    );
  });

  it('do not wait for a painting that does not come', () => {
    const { turns, shown, change } = rowTurns();
    const owner = {};
    change(owner, 'first');
    turns.painting();
    vi.advanceTimersByTime(10);
    change(owner, 'second');
    change(owner, 'last');
    turns.painting();
    vi.advanceTimersByTime(ROWS_EVERY_MS + PAINT_EVERY_MS);
    expect(shown).toEqual([
      { at: 0, rows: 'first' },
      { at: ROWS_EVERY_MS + PAINT_EVERY_MS, rows: 'last' },
    ]);
    vi.advanceTimersByTime(10_000);
    expect(shown).toHaveLength(2);
  });

  it('are shown before the page is held still, and not a second time', () => {
    const { turns, shown, change } = rowTurns();
    change({}, 'last');
    turns.end();
    vi.advanceTimersByTime(10_000);
    turns.end();
    expect(shown).toEqual([{ at: 0, rows: 'last' }]);
  });
});
