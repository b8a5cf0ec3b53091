import { whenStill } from '#lib/components/ui/when-still.ts';
import type { Collection } from '#lib/contracts/activity.ts';
import type { FeedType } from '#lib/contracts/feed.ts';
import type { LiveFeed } from '#lib/live/index.ts';
import { watchTyped, type Typed } from './typed.ts';

const AT_MOST_EVERY_MS = 1_000;
const STILL_MS = 100;

export interface RefreshOptions {
  /** Read after it, for what the page's data does not hold. */
  more?: () => Promise<void>;
  /** Milliseconds, between the beginnings of two readings. */
  everyMs?: number;
  /** Nothing is read while something typed in the page waits to be sent. For pages whose forms show what is read. */
  keepTyped?: boolean;
  /** Of the changes of collections only those of these count. */
  collections?: readonly Collection[];
}

/**
 * Reads a page's data again after changes of these types, at most once in `everyMs` and not while the tab is hidden, the
 * page is held still or scrolled, or a reading is under way. For lists the feed does not carry whole.
 * @returns stops it; call inside an effect
 */
export function refreshOn(
  feed: LiveFeed,
  types: readonly FeedType[],
  dependency: string,
  { more, everyMs = AT_MOST_EVERY_MS, keepTyped = false, collections }: RefreshOptions = {},
): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  let callOff: (() => void) | null = null;
  let reading = false;
  let again = false;
  let readAt = -Infinity;

  async function read() {
    callOff = null;
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    try {
      await feed.followed();
      if (signal.aborted) return;
      // While the page was held still, something may have been begun.
      if (document.visibilityState === 'hidden' || typed?.waits()) {
        again = true;
        return;
      }
      readAt = performance.now();
      await feed.readAgain(dependency, signal);
      if (!signal.aborted) await more?.();
    } finally {
      reading = false;
    }
    if (again && !signal.aborted) schedule();
  }
  function schedule() {
    again = false;
    callOff ??= whenStill(() => void read(), Math.max(STILL_MS, readAt + everyMs - performance.now()));
  }
  function catchUp() {
    if (document.visibilityState === 'visible' && again) schedule();
  }

  const typed: Typed | null = keepTyped ? watchTyped(catchUp) : null;
  const offs = types.map((type) =>
    feed.on(type, (value) => {
      if (collections === undefined || !('collection' in value) || collections.includes(value.collection))
        schedule();
    }),
  );
  document.addEventListener('visibilitychange', catchUp);
  return () => {
    stop.abort();
    for (const off of offs) off();
    document.removeEventListener('visibilitychange', catchUp);
    typed?.stop();
    callOff?.();
  };
}
