import type { Delta } from '#lib/contracts/feed.ts';
import type { OthersHere } from '#lib/contracts/others-here.ts';
import type { PersonHere } from '#lib/contracts/presence.ts';
import { seqOf } from './cursor.ts';
import { useLiveFeed, type LiveFeed } from './live-feed.svelte.ts';
import { NO_CHANGES, othersHere, takeChange, type Others, type PresenceChanges } from './people-here.ts';

export interface LivePresenceOptions {
  /** Who else was here when the page was read. */
  others: () => OthersHere;
  /** Cursor that these were read after. */
  cursor: () => string;
  /** Id of who looks. */
  self: () => string;
}

/** Who else is here, kept up to date. */
export class LivePresence {
  #live = $state.raw<{ history: string; changes: PresenceChanges } | null>(null);
  readonly #feed: Pick<LiveFeed, 'history'>;
  readonly #options: LivePresenceOptions;

  constructor(feed: Pick<LiveFeed, 'history'>, options: LivePresenceOptions) {
    this.#feed = feed;
    this.#options = options;
  }

  get #changes(): PresenceChanges {
    return this.#live?.history === this.#feed.history ? this.#live.changes : NO_CHANGES;
  }

  get others(): Others {
    const { others, cursor } = this.#options;
    return othersHere(others(), this.#changes, seqOf(cursor()));
  }

  take(person: PersonHere, { op, c, rev }: Pick<Delta, 'op' | 'c' | 'rev'>): void {
    const { others, self } = this.#options;
    if (person.userId === self()) return;
    const change = { person, here: op === 'upsert', seq: seqOf(c), rev };
    const changes = takeChange(this.#changes, change, Date.parse(others().at));
    this.#live = { history: this.#feed.history, changes };
  }
}

/** Call while the component is made; the layout that makes the feed gives it. */
export function livePresence(options: LivePresenceOptions, feed: LiveFeed = useLiveFeed()): LivePresence {
  const presence = new LivePresence(feed, options);
  $effect(() => feed.on('presence.joined', (person, delta) => presence.take(person, delta)));
  $effect(() => feed.on('presence.left', (person, delta) => presence.take(person, delta)));
  return presence;
}
