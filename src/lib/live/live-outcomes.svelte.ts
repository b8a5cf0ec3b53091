import type { OutcomeView } from '#lib/contracts/outcome.ts';
import { latestOf, placeOutcomes, takeOutcomes, type LatestOutcomes } from './latest-outcomes.ts';
import { useLiveFeed, type LiveFeed } from './live-feed.svelte.ts';

/** Longer than a load of the page takes. */
const LATELY_MS = 30_000;
const LATELY_COUNT = 500;

export interface LiveOutcomesOptions {
  limit: number;
  /** Whether one belongs into the page's list; without it all do. */
  fits?: (outcome: OutcomeView) => boolean;
}

interface Live {
  base: readonly OutcomeView[];
  latest: LatestOutcomes;
}

/** The newest outcomes of the page, kept up to date. */
export class LiveOutcomes {
  #shown = $state.raw<Live | null>(null);
  #newest: Live | null = null;
  /** What came lately, of one history. */
  #recent: { history: string; came: { at: number; outcome: OutcomeView }[] } = { history: '', came: [] };
  readonly #feed: LiveFeed;
  readonly #base: () => readonly OutcomeView[];
  readonly #options: LiveOutcomesOptions;

  constructor(feed: LiveFeed, base: () => readonly OutcomeView[], options: LiveOutcomesOptions) {
    this.#feed = feed;
    this.#base = base;
    this.#options = options;
  }

  /**
   * What is shown: the page's own load with what came since. A new load replaces it, but it may have been read before
   * something that came while it was on its way, so what came lately is taken again.
   */
  #latest(live: Live | null): LatestOutcomes {
    const base = this.#base();
    if (live?.base === base) return live.latest;
    const fresh = latestOf(base, this.#options.limit);
    if (this.#recent.history !== this.#feed.history) return fresh;
    const lately = this.#recent.came.map(({ outcome }) => outcome);
    return takeOutcomes(fresh, lately, { ...this.#options, now: null });
  }

  get items(): readonly OutcomeView[] {
    return this.#latest(this.#shown).items;
  }
  /** When it came in before the reader's eyes; null: as the server rendered it. */
  arrivedAt(id: string): number | null {
    return this.#latest(this.#shown).arrived.get(id) ?? null;
  }
  /** Position at which it was counted; null: not yet. */
  position(id: string): number | null {
    return this.items.find((item) => item.id === id)?.position ?? null;
  }

  take(outcomes: readonly OutcomeView[], now: number): void {
    const { history } = this.#feed;
    if (this.#recent.history !== history) this.#recent = { history, came: [] };
    const { came } = this.#recent;
    came.push(...outcomes.map((outcome) => ({ at: now, outcome })));
    const late = came.findIndex(({ at }) => now - at < LATELY_MS);
    came.splice(0, Math.max(late, came.length - LATELY_COUNT));
    // What comes all the time does not fade in: the list would never be still.
    const arrived = this.#feed.fast ? null : now;
    this.#set(takeOutcomes(this.#latest(this.#newest), outcomes, { ...this.#options, now: arrived }));
  }

  place(counted: readonly { id: string; position: number }[]): void {
    this.#set(placeOutcomes(this.#latest(this.#newest), counted));
  }

  #set(latest: LatestOutcomes): void {
    this.#newest = { base: this.#base(), latest };
    this.#feed.showRows(this, () => (this.#shown = this.#newest));
  }

  /** Hears the feed; returns the way to stop. */
  follow(): () => void {
    const feed = this.#feed;
    const one = (value: OutcomeView) => this.take([value], Date.now());
    const offs = [
      feed.on('outcome.recorded', (value) => this.take('items' in value ? value.items : [value], Date.now())),
      feed.on('outcome.corrected', one),
      feed.on('outcome.deleted', one),
      feed.on('outcome.restored', one),
      feed.on('metrics.updated', (value) => this.place(value.counted ?? [])),
    ];
    return () => {
      for (const off of offs) off();
    };
  }
}

/** Call while the component is made. `base`: newest first. */
export function liveOutcomes(base: () => readonly OutcomeView[], options: LiveOutcomesOptions): LiveOutcomes {
  const outcomes = new LiveOutcomes(useLiveFeed(), base, options);
  $effect(() => outcomes.follow());
  return outcomes;
}
