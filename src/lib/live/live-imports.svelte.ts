import type { ImportView } from '#lib/contracts/feed.ts';
import { mergeImports } from './import-views.ts';
import { useLiveFeed, type LiveFeed } from './live-feed.svelte.ts';

/** The imports of the page, kept up to date. */
export class LiveImports {
  #live = $state.raw<{ history: string; views: readonly ImportView[] } | null>(null);
  readonly #feed: LiveFeed;
  readonly #base: () => readonly ImportView[];

  constructor(feed: LiveFeed, base: () => readonly ImportView[]) {
    this.#feed = feed;
    this.#base = base;
  }

  #views(): readonly ImportView[] {
    return this.#live?.history === this.#feed.history ? this.#live.views : [];
  }

  /** Newest first. */
  get items(): readonly ImportView[] {
    return mergeImports(this.#base(), this.#views());
  }

  take(view: ImportView): void {
    const others = this.#views().filter(({ id }) => id !== view.id);
    this.#live = { history: this.#feed.history, views: [...others, view] };
  }
}

/** Call while the component is made. */
export function liveImports(base: () => readonly ImportView[]): LiveImports {
  const feed = useLiveFeed();
  const imports = new LiveImports(feed, base);
  $effect(() => feed.on('import.progressed', (value) => imports.take(value)));
  return imports;
}
