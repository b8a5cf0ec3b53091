import type { PatternView } from '#lib/contracts/pattern.ts';
import { takeUpdate, type LeadingPatterns, type PatternUpdate } from './leading-patterns.ts';
import { useLiveFeed, type LiveFeed } from './live-feed.svelte.ts';

interface Live {
  history: string;
  leading: LeadingPatterns;
}

/** The leading patterns of the page, kept up to date and in order. */
export class LivePatterns {
  #shown = $state.raw<Live | null>(null);
  #newest: Live | null = null;
  readonly #feed: LiveFeed;
  readonly #base: () => { asOf: number; items: PatternView[] };

  constructor(feed: LiveFeed, base: () => { asOf: number; items: PatternView[] }) {
    this.#feed = feed;
    this.#base = base;
  }

  #leading(live: Live | null): LeadingPatterns {
    const base = this.#base();
    const isNewer = live !== null && live.history === this.#feed.history && live.leading.asOf >= base.asOf;
    return isNewer ? live.leading : base;
  }

  get items(): readonly PatternView[] {
    return this.#leading(this.#shown).items;
  }
  get asOf(): number {
    return this.#leading(this.#shown).asOf;
  }

  apply(update: PatternUpdate): void {
    const leading = takeUpdate(this.#leading(this.#newest), update);
    this.#newest = { history: this.#feed.history, leading };
    this.#feed.showRows(this, () => (this.#shown = this.#newest));
  }
}

/** Call while the component is made. `items` in order, as of `asOf`. */
export function livePatterns(items: () => PatternView[], asOf: () => number): LivePatterns {
  const feed = useLiveFeed();
  const patterns = new LivePatterns(feed, () => ({ asOf: asOf(), items: items() }));
  $effect(() => feed.on('pattern.updated', (value) => patterns.apply(value)));
  return patterns;
}
