import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { whenStill } from '#lib/components/ui/when-still.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what waits until a page is still', () => {
  it('runs once, so long after the last scrolling', () => {
    const page = new EventTarget();
    const act = vi.fn();
    whenStill(act, 100, page);
    for (let i = 0; i < 10; i += 1) {
      vi.advanceTimersByTime(90);
      page.dispatchEvent(new Event('scroll'));
    }
    vi.advanceTimersByTime(99);
    expect(act).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    page.dispatchEvent(new Event('scroll'));
    vi.advanceTimersByTime(5_000);
    expect(act).toHaveBeenCalledOnce();
  });

  it('runs after two seconds of scrolling anyway', () => {
    const page = new EventTarget();
    const act = vi.fn();
    whenStill(act, 100, page);
    const scrolling = setInterval(() => page.dispatchEvent(new Event('scroll')), 16);
    vi.advanceTimersByTime(1_999);
    expect(act).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(act).toHaveBeenCalledOnce();
    clearInterval(scrolling);
  });

  it('does not run once it is called off', () => {
    const act = vi.fn();
    whenStill(act, 100, new EventTarget())();
    vi.advanceTimersByTime(5_000);
    expect(act).not.toHaveBeenCalled();
  });
});
