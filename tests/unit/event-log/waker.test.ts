import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createThrottle } from '#lib/server/event-log/throttle.ts';
import { createWaker } from '#lib/server/event-log/waker.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a waker', () => {
  it('does not lose a ring that comes during work, and takes many rings for one', async () => {
    const waker = createWaker();
    waker.ring();
    waker.ring();
    expect(await waker.wait(1_000)).toBe(true);
    const second = waker.wait(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await second).toBe(false);
  });

  it('keeps a ring for later while it is told to rest', async () => {
    const waker = createWaker();
    const rest = waker.wait(50, { ignoreRings: true });
    waker.ring();
    let rested = false;
    void rest.then(() => (rested = true));
    await vi.advanceTimersByTimeAsync(49);
    expect(rested).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await rest;
    expect(await waker.wait(1_000)).toBe(true);
  });

  it('ends every wait once closed', async () => {
    const waker = createWaker();
    const open = waker.wait(10_000);
    waker.close();
    await open;
    await waker.wait(10_000);
  });
});

describe('a throttle', () => {
  it('runs the first at once, the last at the end of the gap, and each key by itself', () => {
    const throttle = createThrottle(20);
    const ran: string[] = [];
    for (const name of ['a1', 'a2', 'a3', 'b1']) throttle.run(name.charAt(0), () => ran.push(name));
    expect(ran).toEqual(['a1', 'b1']);
    vi.advanceTimersByTime(20);
    expect(ran).toEqual(['a1', 'b1', 'a3']);
    vi.advanceTimersByTime(100);
    throttle.run('a', () => ran.push('a4'));
    expect(ran.at(-1)).toBe('a4');
  });
});
