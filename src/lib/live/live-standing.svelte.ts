import type { Delta, FeedType, FeedValues } from '#lib/contracts/feed.ts';
import type { Standing } from '#lib/contracts/notices.ts';
import type { LiveFeed } from './live-feed.svelte.ts';
import { standingOf } from './standing.ts';

/** Things of one type that stand until they are deleted, few and each under a key of its own, kept up to date. */
export class LiveStanding<T extends FeedType> {
  #told = $state.raw<{ of: string; things: readonly Standing<FeedValues[T]>[] } | null>(null);
  readonly #feed: LiveFeed;
  readonly #base: () => readonly Standing<FeedValues[T]>[];

  constructor(feed: LiveFeed, base: () => readonly Standing<FeedValues[T]>[]) {
    this.#feed = feed;
    this.#base = base;
  }

  get #things(): readonly Standing<FeedValues[T]>[] {
    return this.#told?.of === this.#feed.history ? this.#told.things : [];
  }

  /** In the order of their keys. */
  get items(): FeedValues[T][] {
    return standingOf(this.#base(), this.#things);
  }

  take(value: FeedValues[T], { key, rev, op }: Pick<Delta, 'key' | 'rev' | 'op'>): void {
    const others = this.#things.filter((thing) => thing.key !== key);
    const thing = { key, rev, value: op === 'delete' ? null : value };
    this.#told = { of: this.#feed.history, things: [...others, thing] };
  }
}

/** Call while the component is made. `base`: what the page was rendered with. */
export function liveStanding<T extends FeedType>(
  feed: LiveFeed,
  type: T,
  base: () => readonly Standing<FeedValues[T]>[],
): LiveStanding<T> {
  const standing = new LiveStanding<T>(feed, base);
  $effect(() => feed.on(type, (value, delta) => standing.take(value, delta)));
  return standing;
}
