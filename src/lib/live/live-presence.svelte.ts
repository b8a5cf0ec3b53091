import type { Delta } from '#lib/contracts/feed.ts';
import type { PersonHere } from '#lib/contracts/presence.ts';
import { seqOf } from './cursor.ts';
import { useLiveFeed, type LiveFeed } from './live-feed.svelte.ts';
import { peopleHere, takeChange, type PresenceChange } from './people-here.ts';

export interface LivePresenceOptions {
  /** Who was here when the page was read. */
  people: () => readonly PersonHere[];
  /** Cursor that these were read after. */
  cursor: () => string;
  /** Id of who looks. */
  self: () => string;
}

/** Who is here, kept up to date. */
export class LivePresence {
  #live = $state.raw<{ history: string; changes: readonly PresenceChange[] } | null>(null);
  readonly #feed: Pick<LiveFeed, 'history'>;
  readonly #options: LivePresenceOptions;

  constructor(feed: Pick<LiveFeed, 'history'>, options: LivePresenceOptions) {
    this.#feed = feed;
    this.#options = options;
  }

  get #changes(): readonly PresenceChange[] {
    return this.#live?.history === this.#feed.history ? this.#live.changes : [];
  }

  /** All but who looks; who came first is first. */
  get others(): readonly PersonHere[] {
    const { people, cursor, self } = this.#options;
    const here = peopleHere(people(), this.#changes, seqOf(cursor()));
    return here.filter(({ userId }) => userId !== self());
  }

  take(person: PersonHere, { op, c, rev }: Pick<Delta, 'op' | 'c' | 'rev'>): void {
    const change = { person, here: op === 'upsert', seq: seqOf(c), rev };
    this.#live = { history: this.#feed.history, changes: takeChange(this.#changes, change) };
  }
}

/** Call while the component is made; the layout that makes the feed gives it. */
export function livePresence(options: LivePresenceOptions, feed: LiveFeed = useLiveFeed()): LivePresence {
  const presence = new LivePresence(feed, options);
  $effect(() => feed.on('presence.joined', (person, delta) => presence.take(person, delta)));
  $effect(() => feed.on('presence.left', (person, delta) => presence.take(person, delta)));
  return presence;
}
