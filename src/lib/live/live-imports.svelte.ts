import type { ImportView } from '#lib/contracts/feed.ts';
import { useLiveFeed, type LiveFeed } from './live-feed.svelte.ts';

/** Of what a load and the feed say of one import, the one that is further along. */
function further(loaded: ImportView | undefined, live: ImportView): ImportView {
  if (loaded === undefined) return live;
  if ((loaded.finishedAt !== null) !== (live.finishedAt !== null)) return loaded.finishedAt !== null ? loaded : live;
  return loaded.done > live.done ? loaded : live;
}

/** The imports of the page, kept up to date. */
export class LiveImports {
  #live = $state.raw<{ workspace: string; views: ReadonlyMap<string, ImportView> } | null>(null);
  readonly #feed: LiveFeed;
  readonly #base: () => readonly ImportView[];

  constructor(feed: LiveFeed, base: () => readonly ImportView[]) {
    this.#feed = feed;
    this.#base = base;
  }

  #views(): ReadonlyMap<string, ImportView> {
    return this.#live?.workspace === this.#feed.workspace ? this.#live.views : new Map();
  }

  /** Newest first. */
  get items(): readonly ImportView[] {
    const views = new Map(this.#base().map((view) => [view.id, view]));
    for (const [id, view] of this.#views()) views.set(id, further(views.get(id), view));
    return [...views.values()].sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  }

  take(view: ImportView): void {
    this.#live = { workspace: this.#feed.workspace, views: new Map([...this.#views(), [view.id, view]]) };
  }
}

/** Call while the component is made. */
export function liveImports(base: () => readonly ImportView[]): LiveImports {
  const feed = useLiveFeed();
  const imports = new LiveImports(feed, base);
  $effect(() => feed.on('import.progressed', (value) => imports.take(value)));
  return imports;
}
