import { invalidate } from '$app/navigation';
import { navigating } from '$app/state';
import type { FeedType } from '#lib/contracts/feed.ts';
import type { LiveFeed } from '#lib/live/index.ts';
import { whenReady } from '#lib/live/when-ready.ts';

const AT_MOST_EVERY_MS = 1_000;

/**
 * Reads a page's data again, after a navigation that is under way: Kit drops a navigation when something is
 * invalidated meanwhile, so a click or a saved form would lead nowhere. Waits for a server that is not ready.
 */
export async function readAgain(dependency: string): Promise<void> {
  await whenReady();
  if (navigating.complete !== null) await Promise.allSettled([navigating.complete]);
  await invalidate(dependency);
}

/**
 * Reads a page's data again after changes of these types, at most once in `everyMs` and not while the tab is hidden or
 * a reading is under way. For lists the feed does not carry whole. `more` is read after it, for what the page's data
 * does not hold. @returns stops it; call inside an effect
 */
export function refreshOn(
  feed: LiveFeed,
  types: readonly FeedType[],
  dependency: string,
  more?: () => Promise<void>,
  everyMs = AT_MOST_EVERY_MS,
): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let reading = false;
  let again = false;
  let readAt = -Infinity;

  async function read() {
    timer = null;
    if (document.visibilityState === 'hidden' || reading) {
      again = true;
      return;
    }
    reading = true;
    readAt = performance.now();
    try {
      await readAgain(dependency);
      await more?.();
    } finally {
      reading = false;
    }
    if (again) schedule();
  }
  function schedule() {
    again = false;
    timer ??= setTimeout(() => void read(), Math.max(0, readAt + everyMs - performance.now()));
  }
  function onVisible() {
    if (document.visibilityState === 'visible' && again) schedule();
  }

  const offs = types.map((type) => feed.on(type, schedule));
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    for (const off of offs) off();
    document.removeEventListener('visibilitychange', onVisible);
    if (timer !== null) clearTimeout(timer);
  };
}
