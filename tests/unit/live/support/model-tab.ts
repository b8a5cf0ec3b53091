import { epochOf, seqOf } from '#lib/live/cursor.ts';
import type { FeedStatus } from '#lib/live/tabs/messages.ts';
import { TabFeed } from '#lib/live/tabs/tab-feed.ts';
import type { Context, FakeBrowser } from './fake-browser.ts';
import type { ModelServer } from './model-server.ts';

/** A page as the oracle sees it: read at a cursor, moved by deltas, read again after a reset. */
export class ModelTab {
  readonly context: Context;
  readonly name: string;
  readonly feed: TabFeed;
  readonly user: string;
  status: FeedStatus | null = null;
  resets = 0;
  received = 0;
  /** Turned off or put aside. */
  resting = false;
  epoch: string;
  /** Up to here the page knows everything, by its reading and by deltas. */
  known: number;
  /** Deltas up to here came in this history, without a hole. */
  #last: number;
  readonly wrong: string[] = [];
  readonly #elsewhere: ReadonlySet<string>;

  constructor(browser: FakeBrowser, server: ModelServer, options: { version: number; user: string }) {
    this.user = options.user;
    this.#elsewhere = server.elsewhere;
    this.name = `feed ${options.version} ${options.user}`;
    this.context = browser.openContext(this.name);
    this.epoch = server.epoch;
    this.known = this.#last = server.head;
    this.feed = new TabFeed({
      name: this.name,
      user: options.user,
      url: `http://x/api/v1/feed?ws=one&user=${encodeURIComponent(options.user)}`,
      topics: ['system'],
      since: server.cursor,
      platform: browser.platform(this.context),
      environment: this.context.environment,
      onDeltas: (deltas) => {
        for (const { c } of deltas) this.#apply(c);
      },
      onReset: ({ head }) => {
        this.resets += 1;
        this.epoch = epochOf(head);
        this.#last = seqOf(head);
        // The page reads everything again: what the server has now.
        this.known = server.epoch === this.epoch ? server.head : this.#last;
      },
      onStatus: (status) => {
        this.status = status;
      },
    });
    void this.feed.connect();
  }

  /** Whether something between the two was for this page. */
  #misses(from: number, to: number): boolean {
    for (let seq = from + 1; seq < to; seq += 1)
      if (!this.#elsewhere.has(`${this.epoch}-${seq}`)) return true;
    return false;
  }

  #apply(cursor: string): void {
    this.received += 1;
    const seq = seqOf(cursor);
    if (epochOf(cursor) !== this.epoch) this.wrong.push(`${cursor} is of another history than ${this.epoch}`);
    else if (seq <= this.#last) this.wrong.push(`${cursor} came twice (at ${this.#last})`);
    else if (this.#misses(this.#last, seq))
      this.wrong.push(`before ${cursor} something is missing (at ${this.#last})`);
    this.#last = seq;
    this.known = Math.max(this.known, seq);
  }
}
