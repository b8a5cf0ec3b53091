import type { PatternView } from '#lib/contracts/pattern.ts';
import {
  againstTotals,
  hasMoved,
  leadingOf,
  takeUpdate,
  type LeadingPatterns,
  type PatternUpdate,
} from './leading-patterns.ts';
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
    return isNewer ? live.leading : leadingOf(base.asOf, base.items);
  }

  get items(): PatternView[] {
    return [...this.#leading().items];
  }
  get asOf(): number {
    return this.#leading().asOf;
  }
  /** When its figures last changed before the reader's eyes; null: as the server rendered it. */
  movedAt(id: string | null): number | null {
    return id === null ? null : (this.#leading().moved.get(id) ?? null);
  }

  apply(update: PatternUpdate, now: number): void {
    this.#live = { history: this.#feed.history, leading: takeUpdate(this.#leading(), update, now) };
  }
}

/** Call while the component is made. `items` in order, as of `asOf`. */
export function livePatterns(items: () => PatternView[], asOf: () => number): LivePatterns {
  const feed = useLiveFeed();
  const patterns = new LivePatterns(feed, () => ({ asOf: asOf(), items: items() }));
  $effect(() => feed.on('pattern.updated', (value) => patterns.apply(value, Date.now())));
  return patterns;
}

/** One pattern's page, kept up to date while it is among those the feed carries. */
export class LivePattern {
  #live = $state.raw<{ asOf: number; value: PatternView; movedAt: number | null } | null>(null);
  readonly #base: () => { asOf: number; value: PatternView };

  constructor(base: () => { asOf: number; value: PatternView }) {
    this.#base = base;
  }

  #current(): { asOf: number; value: PatternView; movedAt: number | null } {
    const base = this.#base();
    const live = this.#live;
    return live !== null && live.value.id === base.value.id && live.asOf >= base.asOf
      ? live
      : { ...base, movedAt: null };
  }

  get value(): PatternView {
    return this.#current().value;
  }
  get asOf(): number {
    return this.#current().asOf;
  }
  get movedAt(): number | null {
    return this.#current().movedAt;
  }

  apply(update: PatternUpdate, now: number): void {
    const current = this.#current();
    const { id } = current.value;
    if (update.asOf < current.asOf || id === null) return;
    const item = update.items.find((one) => one.id === id);
    if (item !== undefined) {
      this.#live = {
        asOf: update.asOf,
        value: item,
        movedAt: hasMoved(current.value, item) ? now : current.movedAt,
      };
    } else if (update.leaders.includes(id)) {
      // Named and not among the changed: its own counts stand, the rest moved.
      this.#live = { ...current, asOf: update.asOf, value: againstTotals(current.value, update.totals) };
    }
  }
}

/** Call while the component is made. */
export function livePattern(value: () => PatternView, asOf: () => number): LivePattern {
  const feed = useLiveFeed();
  const pattern = new LivePattern(() => ({ asOf: asOf(), value: value() }));
  $effect(() => feed.on('pattern.updated', (update) => pattern.apply(update, Date.now())));
  return pattern;
}
