import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { refreshOn } from '#lib/components/live/refresh.ts';
import { PatternListState } from '#lib/components/patterns/pattern-list.svelte.ts';
import { readAddress } from '#lib/contracts/pattern-address.ts';
import type { PatternList, PatternView } from '#lib/contracts/pattern.ts';
import type { LiveFeed } from '#lib/live/index.ts';

beforeEach(() => {
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A feed whose page is read when the test says so. */
function slowFeed() {
  const answers: (() => void)[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  let hear: () => void = () => undefined;
  const feed = {
    on: (_: string, handler: () => void) => {
      hear = handler;
      return () => undefined;
    },
    followed: () => Promise.resolve(),
    readAgain: (_: string, signal?: AbortSignal) => {
      signals.push(signal);
      return new Promise<void>((resolve) => answers.push(resolve));
    },
  };
  return { feed: feed as unknown as LiveFeed, answers, signals, change: () => hear() };
}

it('a page is read again at most once at a time, and not any longer once it is gone', async () => {
  const { feed, answers, signals, change } = slowFeed();
  const more = vi.fn(() => Promise.resolve());
  const stop = refreshOn(feed, ['metrics.updated'], 'telltale:x', { more });
  change();
  await vi.advanceTimersByTimeAsync(100);
  change();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(answers).toHaveLength(1);
  answers[0]?.();
  await vi.advanceTimersByTimeAsync(5_000);
  expect([answers.length, more.mock.calls.length]).toEqual([2, 1]);
  change();
  await vi.advanceTimersByTimeAsync(5_000);
  stop();
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
  answers[1]?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([answers.length, more.mock.calls.length]).toEqual([2, 1]);
});

it('what is due when the page is held still is read once it goes on, and not if the page is gone by then', async () => {
  const { feed, answers, change } = slowFeed();
  let goOn: () => void = () => undefined;
  Object.assign(feed, { followed: () => new Promise<void>((resolve) => (goOn = resolve)) });
  const stop = refreshOn(feed, ['metrics.updated'], 'telltale:x');
  change();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(answers).toHaveLength(0);
  goOn();
  await vi.advanceTimersByTimeAsync(0);
  expect(answers).toHaveLength(1);
  answers[0]?.();
  change();
  await vi.advanceTimersByTimeAsync(60_000);
  stop();
  goOn();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(answers).toHaveLength(1);
});

it('what is due when the page goes on is not read in a tab that was hidden meanwhile', async () => {
  const { feed, answers, change } = slowFeed();
  let goOn: () => void = () => undefined;
  Object.assign(feed, { followed: () => new Promise<void>((resolve) => (goOn = resolve)) });
  const stop = refreshOn(feed, ['metrics.updated'], 'telltale:x');
  change();
  await vi.advanceTimersByTimeAsync(1_000);
  Object.assign(document, { visibilityState: 'hidden' });
  goOn();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(answers).toHaveLength(0);
  Object.assign(document, { visibilityState: 'visible' });
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(1_000);
  goOn();
  await vi.advanceTimersByTimeAsync(0);
  expect(answers).toHaveLength(1);
  stop();
});

it('what was told of rows in another history of the log is not shown', async () => {
  const view = (n: number) => ({ id: 'a', n }) as PatternView;
  const list = (asOf: number) =>
    ({ asOf, items: [view(asOf)], total: 1, next: null }) as unknown as PatternList;
  const source = {
    history: 'one ep0a',
    list: list(10),
    kids: {},
    address: readAddress(new URLSearchParams()),
    url: '/patterns',
    followed: () => Promise.resolve(),
  };
  const rows = new PatternListState(() => source);
  const told = { asOf: 12, items: [view(12)], leaders: [], more: 0, totals: { n: 0, successes: 0 } };
  rows.apply(told);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(rows.rows.map(({ pattern }) => pattern.n)).toEqual([12]);
  Object.assign(source, { history: 'one ep1b', list: list(3) });
  rows.order.release();
  expect(rows.rows.map(({ pattern }) => pattern.n)).toEqual([3]);
});
