export interface Throttle {
  /** Runs now when `key` has not run within the gap, else once when the gap has passed. */
  run(key: string, act: () => void): void;
  stop(): void;
}

/** At most one run per key in `gapMs`: the first at once, what comes within the gap as one run at its end. */
export function createThrottle(gapMs: number): Throttle {
  const gaps = new Map<string, { timer: NodeJS.Timeout; again: (() => void) | null }>();

  function open(key: string, act: () => void): void {
    act();
    const timer = setTimeout(() => {
      const again = gaps.get(key)?.again ?? null;
      gaps.delete(key);
      if (again !== null) open(key, again);
    }, gapMs);
    timer.unref();
    gaps.set(key, { timer, again: null });
  }

  return {
    run(key, act) {
      const gap = gaps.get(key);
      if (gap === undefined) open(key, act);
      else gap.again = act;
    },
    stop() {
      for (const { timer } of gaps.values()) clearTimeout(timer);
      gaps.clear();
    },
  };
}
