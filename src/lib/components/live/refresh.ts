import { whenStill } from '#lib/components/ui/when-still.ts';
import type { FeedType } from '#lib/contracts/feed.ts';
import type { LiveFeed } from '#lib/live/index.ts';

const AT_MOST_EVERY_MS = 1_000;
const STILL_MS = 100;

/**
 * Reads a page's data again after changes of these types, at most once in `everyMs` and not while the tab is hidden, the
 * page is scrolled or a reading is under way. For lists the feed does not carry whole. `more` is read after it, for what the page's data
 * does not hold. @returns stops it; call inside an effect
 */
export function refreshOn(
  feed: LiveFeed,
  types: readonly FeedType[],
  dependency: string,
  more?: () => Promise<void>,
  everyMs = AT_MOST_EVERY_MS,
): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  let callOff: (() => void) | null = null;
  let reading = false;
  let again = false;
  let readAt = -Infinity;

  async function read() {
    callOff = null;
    if (document.visibilityState === 'hidden' || reading) {
      again = true;
      return;
    }
    reading = true;
    readAt = performance.now();
    try {
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
  function onVisible() {
    if (document.visibilityState === 'visible' && again) schedule();
  }

  const offs = types.map((type) => feed.on(type, schedule));
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    stop.abort();
    for (const off of offs) off();
    document.removeEventListener('visibilitychange', onVisible);
    callOff?.();
  };
}
