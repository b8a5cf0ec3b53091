import type { FeedValues } from '#lib/contracts/feed.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import { useLiveFeed, type LiveFeed } from './live-feed.svelte.ts';

type PatternUpdate = FeedValues['pattern.updated'];

interface Leading {
  asOf: number;
  items: PatternView[];
}

interface LiveState extends Leading {
  workspace: string;
  /** Every pattern seen, also those that do not lead now and may again. */
  known: ReadonlyMap<string, PatternView>;
  moved: ReadonlyMap<string, number>;
}

const isMoved = (before: PatternView | undefined, after: PatternView): boolean =>
  before === undefined || before.n !== after.n || before.successes !== after.successes || before.status !== after.status;

function knownOf(items: readonly PatternView[]): Map<string, PatternView> {
  return new Map(items.flatMap((item) => (item.id === null ? [] : [[item.id, item] as const])));
}

/** The leading patterns of the page, kept up to date and in order. */
export class LivePatterns {
  #live = $state.raw<LiveState | null>(null);
  readonly #feed: LiveFeed;
  readonly #base: () => Leading;

  constructor(feed: LiveFeed, base: () => Leading) {
    this.#feed = feed;
    this.#base = base;
  }

  #current(): Leading {
    const base = this.#base();
    const live = this.#live;
    const isNewer = live !== null && live.workspace === this.#feed.workspace && live.asOf >= base.asOf;
    return isNewer ? live : base;
  }

  get items(): PatternView[] {
    return this.#current().items;
  }
  get asOf(): number {
    return this.#current().asOf;
  }
  /** When its figures last changed before the reader's eyes; null: as the server rendered it. */
  movedAt(id: string | null): number | null {
    const live = this.#live;
    if (id === null || live === null || live.workspace !== this.#feed.workspace) return null;
    return live.moved.get(id) ?? null;
  }

  apply(update: PatternUpdate, now: number): void {
    const current = this.#current();
    if (update.asOf < current.asOf) return;
    const workspace = this.#feed.workspace;
    const before = this.#live?.workspace === workspace ? this.#live : null;
    const known = new Map([...(before?.known ?? []), ...knownOf(current.items)]);
    const moved = new Map(before?.moved);
    for (const item of update.items) {
      if (item.id === null) continue;
      if (isMoved(known.get(item.id), item)) moved.set(item.id, now);
      known.set(item.id, item);
    }
    const items = update.leaders.flatMap((id) => known.get(id) ?? []);
    this.#live = { workspace, asOf: update.asOf, items, known, moved };
  }
}

/** Call while the component is made. `items` in order, as of `asOf`. */
export function livePatterns(items: () => PatternView[], asOf: () => number): LivePatterns {
  const feed = useLiveFeed();
  const patterns = new LivePatterns(feed, () => ({ asOf: asOf(), items: items() }));
  $effect(() => feed.on('pattern.updated', (value) => patterns.apply(value, Date.now())));
  return patterns;
}

/** One pattern's page, kept up to date. */
export class LivePattern {
  #live = $state.raw<{ asOf: number; value: PatternView; movedAt: number | null } | null>(null);
  readonly #base: () => { asOf: number; value: PatternView };

  constructor(base: () => { asOf: number; value: PatternView }) {
    this.#base = base;
  }

  #current(): { asOf: number; value: PatternView; movedAt: number | null } {
    const base = this.#base();
    const live = this.#live;
    return live !== null && live.value.id === base.value.id && live.asOf >= base.asOf ? live : { ...base, movedAt: null };
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
    if (update.asOf < current.asOf) return;
    const item = update.items.find(({ id }) => id !== null && id === current.value.id);
    this.#live = {
      asOf: update.asOf,
      value: item ?? current.value,
      movedAt: item !== undefined && isMoved(current.value, item) ? now : current.movedAt,
    };
  }
}

/** Call while the component is made. */
export function livePattern(value: () => PatternView, asOf: () => number): LivePattern {
  const feed = useLiveFeed();
  const pattern = new LivePattern(() => ({ asOf: asOf(), value: value() }));
  $effect(() => feed.on('pattern.updated', (update) => pattern.apply(update, Date.now())));
  return pattern;
}
