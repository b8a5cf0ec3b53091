import type { ActivityView } from '#lib/contracts/activity.ts';
import { showActivity, withActivity, type CameActivity } from './latest-activity.ts';
import { useLiveFeed, type LiveFeed } from './live-feed.svelte.ts';

export interface LiveActivityOptions {
  limit: number;
  /** Whether one belongs into the page's list. */
  fits: (view: ActivityView) => boolean;
}

/** What was done last, kept up to date. What was done does not change, so there is only to add. */
export class LiveActivity {
  #live = $state.raw<{ history: string; came: readonly CameActivity[] } | null>(null);
  readonly #feed: LiveFeed;
  readonly #base: () => readonly ActivityView[];
  readonly #options: LiveActivityOptions;
  readonly #shown = $derived.by(() => showActivity(this.#base(), this.#came, this.#options));

  constructor(feed: LiveFeed, base: () => readonly ActivityView[], options: LiveActivityOptions) {
    this.#feed = feed;
    this.#base = base;
    this.#options = options;
  }

  get #came(): readonly CameActivity[] {
    return this.#live?.history === this.#feed.history ? this.#live.came : [];
  }

  /** Newest first. */
  get items(): readonly ActivityView[] {
    return this.#shown.items;
  }
  /** What came live has pushed others out at the end. */
  get more(): boolean {
    return this.#shown.more;
  }
  /** When it came in before the reader's eyes; null: as the server rendered it, or among too many. */
  arrivedAt(id: number): number | null {
    return this.#came.find(({ view }) => view.id === id)?.at ?? null;
  }

  take(view: ActivityView, now: number): void {
    const one = { view, at: this.#feed.fast ? null : now };
    const came = withActivity(this.#came, one, this.#options.fits);
    this.#live = { history: this.#feed.history, came };
  }

  /** Hears the feed; returns the way to stop. */
  follow(): () => void {
    const take = (view: ActivityView) => this.take(view, Date.now());
    const offs = [
      this.#feed.on('user.acted', take),
      this.#feed.on('user.logged_in', take),
      this.#feed.on('user.logged_out', take),
    ];
    return () => {
      for (const off of offs) off();
    };
  }
}

/** Call while the component is made. `base`: newest first. */
export function liveActivity(
  base: () => readonly ActivityView[],
  options: LiveActivityOptions,
): LiveActivity {
  const activity = new LiveActivity(useLiveFeed(), base, options);
  $effect(() => activity.follow());
  return activity;
}
