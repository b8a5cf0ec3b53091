export interface PacedQueue<Item> {
  push(item: Item): void;
  /** Keeps what comes until released; says what waits already. */
  hold(): readonly Item[];
  release(): void;
  clear(): void;
}

/** What one outcome sets off comes in several events a few hundredths of a second apart, and is painted together. */
export const GATHER_MS = 45;
/** Nobody reads figures that change more often, and every painting costs the same however much it shows. */
export const PAINT_EVERY_MS = 210;

/**
 * Hands items on together: `GATHER_MS` after the first, and at least `PAINT_EVERY_MS` after the last handing on. By
 * timers instead of frames, so that the page's script and its painting are tasks of their own, and a hidden page, which
 * has no frames, goes on. `now` in milliseconds.
 */
export function createPacedQueue<Item>(
  deliver: (items: Item[]) => void,
  now: () => number = () => performance.now(),
): PacedQueue<Item> {
  let items: Item[] = [];
  let held = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastAt = -Infinity;

  function schedule(): void {
    if (held || timer !== undefined || items.length === 0) return;
    timer = setTimeout(flush, Math.max(GATHER_MS, lastAt + PAINT_EVERY_MS - now()));
  }

  function flush(): void {
    timer = undefined;
    if (held) return;
    const due = items;
    items = [];
    if (due.length === 0) return;
    lastAt = now();
    deliver(due);
  }

  return {
    push(item) {
      items.push(item);
      schedule();
    },
    hold() {
      held = true;
      return items;
    },
    release() {
      held = false;
      schedule();
    },
    clear() {
      items = [];
    },
  };
}
