import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFrameQueue } from '#lib/live/frame-queue.ts';

let frames: FrameRequestCallback[] = [];
const paint = () => {
  const due = frames;
  frames = [];
  for (const act of due) act(0);
};
beforeEach(() => {
  frames = [];
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (act: FrameRequestCallback) => frames.push(act));
  vi.stubGlobal('cancelAnimationFrame', () => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('what waits for a frame', () => {
  it('comes together, in order, once a frame, however much there is', () => {
    const came: number[][] = [];
    const queue = createFrameQueue<number>((items) => came.push(items));
    for (let i = 0; i < 100; i += 1) queue.push(i);
    expect([came.length, frames.length]).toEqual([0, 1]);
    paint();
    expect(came).toEqual([Array.from({ length: 100 }, (_, i) => i)]);
    paint();
    queue.push(100);
    paint();
    expect(came.length).toBe(2);
  });

  it('comes four times a second in a page without frames', () => {
    const came: number[][] = [];
    const queue = createFrameQueue<number>((items) => came.push(items));
    queue.push(1);
    queue.push(2);
    vi.advanceTimersByTime(249);
    expect(came).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(came).toEqual([[1, 2]]);
  });

  it('is kept while held and thrown away when cleared', () => {
    const came: number[][] = [];
    const queue = createFrameQueue<number>((items) => came.push(items));
    queue.hold();
    queue.push(1);
    paint();
    expect(came).toEqual([]);
    queue.release();
    paint();
    expect(came).toEqual([[1]]);
    queue.push(2);
    queue.clear();
    paint();
    expect(came).toEqual([[1]]);
  });
});
