import type { PatternView } from '#lib/contracts/pattern.ts';
import { takeUpdate, type LeadingPatterns, type PatternUpdate } from './leading-patterns.ts';
import { useLiveFeed, type LiveFeed } from './live-feed.svelte.ts';

/** The leading patterns of the page, kept up to date and in order. */
export class LivePatterns {
  #live = $state.raw<{ history: string; leading: LeadingPatterns } | null>(null);
  readonly #feed: LiveFeed;
  readonly #base: () => { asOf: number; items: PatternView[] };

  constructor(feed: LiveFeed, base: () => { asOf: number; items: PatternView[] }) {
    this.#feed = feed;
    this.#base = base;
  }

  #leading(): LeadingPatterns {
    const base = this.#base();
    const live = this.#live;
    const isNewer = live !== null && live.history === this.#feed.history && live.leading.asOf >= base.asOf;
    return isNewer ? live.leading : base;
  }

  get items(): readonly PatternView[] {
    return this.#leading().items;
  }
  get asOf(): number {
    return this.#leading().asOf;
  }

  apply(update: PatternUpdate): void {
    this.#live = { history: this.#feed.history, leading: takeUpdate(this.#leading(), update) };
  }
}

/** Call while the component is made. `items` in order, as of `asOf`. */
export function livePatterns(items: () => PatternView[], asOf: () => number): LivePatterns {
  const feed = useLiveFeed();
  const patterns = new LivePatterns(feed, () => ({ asOf: asOf(), items: items() }));
  $effect(() => feed.on('pattern.updated', (value) => patterns.apply(value)));
  return patterns;
}
