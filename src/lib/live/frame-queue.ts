export interface FrameQueue<Item> {
  push(item: Item): void;
  /** Keeps what comes until released. */
  hold(): void;
  release(): void;
  clear(): void;
}

const HIDDEN_MS = 250;

/**
 * Hands items on together, at most once a frame, so that a burst repaints once. A hidden page has no frames and gets
 * them four times a second.
 */
export function createFrameQueue<Item>(deliver: (items: Item[]) => void): FrameQueue<Item> {
  let items: Item[] = [];
  let held = false;
  let cancel: (() => void) | null = null;

  function schedule(): void {
    if (held || cancel !== null || items.length === 0) return;
    const timer = setTimeout(flush, HIDDEN_MS);
    const frame = requestAnimationFrame(flush);
    cancel = () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }

  function flush(): void {
    cancel?.();
    cancel = null;
    if (held) return;
    const due = items;
    items = [];
    if (due.length > 0) deliver(due);
  }

  return {
    push(item) {
      items.push(item);
      schedule();
    },
    hold() {
      held = true;
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
