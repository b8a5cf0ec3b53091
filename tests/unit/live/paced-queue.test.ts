import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPacedQueue, GATHER_MS, PAINT_EVERY_MS } from '#lib/live/paced-queue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function pacedQueue() {
  const came: { at: number; items: number[] }[] = [];
  const began = Date.now();
  const now = () => Date.now() - began;
  return { came, queue: createPacedQueue<number>((items) => came.push({ at: now(), items }), now) };
}

describe('what waits to be painted', () => {
  it('comes together and in order, soon after the first', () => {
    const { came, queue } = pacedQueue();
    queue.push(1);
    vi.advanceTimersByTime(GATHER_MS - 1);
    queue.push(2);
    expect(came).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(came).toEqual([{ at: GATHER_MS, items: [1, 2] }]);
  });

  it('comes a few times a second at most, and all of it, however much there is', () => {
    const { came, queue } = pacedQueue();
    const sent = Array.from({ length: 200 }, (_, i) => i);
    for (const item of sent) {
      queue.push(item);
      vi.advanceTimersByTime(5);
    }
    vi.advanceTimersByTime(PAINT_EVERY_MS);
    expect(came.flatMap(({ items }) => items)).toEqual(sent);
    const gaps = came.slice(1).map(({ at }, i) => at - (came[i]?.at ?? 0));
    expect(new Set(gaps)).toEqual(new Set([PAINT_EVERY_MS]));
  });

  it('does not wait longer after a quiet time', () => {
    const { came, queue } = pacedQueue();
    queue.push(1);
    vi.advanceTimersByTime(10_000);
    queue.push(2);
    vi.advanceTimersByTime(GATHER_MS);
    expect(came.map(({ at }) => at)).toEqual([GATHER_MS, 10_000 + GATHER_MS]);
  });

  it('is kept while held and thrown away when cleared', () => {
    const { came, queue } = pacedQueue();
    queue.push(1);
    expect(queue.hold()).toEqual([1]);
    vi.advanceTimersByTime(1_000);
    expect(came).toEqual([]);
    queue.release();
    vi.advanceTimersByTime(GATHER_MS);
    expect(came.map(({ items }) => items)).toEqual([[1]]);
    queue.push(2);
    queue.clear();
    vi.advanceTimersByTime(1_000);
    expect(came.length).toBe(1);
  });
});
