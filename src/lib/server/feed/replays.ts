import type { Database } from '../db/client.ts';
import { readMatching, readOldest } from '../event-log/index.ts';
import type { AudienceClass } from './audience-class.ts';
import type { Audience } from './audience.ts';
import { encodeEvent, type EncodedEvent } from './encode.ts';
import type { FeedReader } from './reader.ts';
import type { Segment } from './segment.ts';
import type { Slots } from './slots.ts';

/** Rows of one read: few until it is known that they are small, because a row may be tens of kilobytes. */
const LEAST_ROWS = 64;
const MOST_ROWS = 512;
const PAGE_BYTES = 256 * 1024;
/** How long a page is kept for others that come from the same place, as after a restart. */
const KEEP_MS = 200;

interface Page {
  from: number;
  to: number;
  events: readonly EncodedEvent[];
  /** The oldest place from which on all events are kept; null when none is. */
  oldest: number | null;
  /** What it comes to for the classes of readers. */
  segments: WeakMap<AudienceClass, Segment>;
}

/**
 * Reads what fell out of the ring from the outbox, page by page; readers of the same rows share a read, those of one
 * class what it comes to for them. Pages begin at
 * multiples of LEAST_ROWS, because those who come back after a restart come from places close to each other.
 */
export class Replays {
  readonly #db: Database;
  readonly #reader: FeedReader;
  readonly #slots: Slots;
  readonly #onRead: () => void;
  readonly #pages = new Map<string, Promise<Page>>();
  #rows = LEAST_ROWS;

  constructor(options: { db: Database; reader: FeedReader; slots: Slots; onRead: () => void }) {
    this.#db = options.db;
    this.#reader = options.reader;
    this.#slots = options.slots;
    this.#onRead = options.onRead;
  }

  /**
   * The next part after `from`, not beyond `limit`.
   * @throws when the database is in another epoch than the reader, or no longer has what follows `from`
   */
  async page(audience: Audience, from: number, limit: number): Promise<Segment> {
    const { shared } = audience;
    const page = await this.#share(shared, from, limit);
    if (page.oldest === null || page.oldest > from + 1)
      throw new Error('What was to be replayed is not kept any more.');
    const segment = segmentOf(page, shared);
    return audience.ofMine(segment.from === from ? segment : shared.after(segment, from));
  }

  /** A page that reaches beyond `from`: a new one does, having so many rows; a known one may have been cut by its limit. */
  async #share(shared: AudienceClass, from: number, limit: number): Promise<Page> {
    const start = from - (from % LEAST_ROWS);
    const { epoch } = this.#reader;
    const key = `${epoch} ${start} ${shared.rowsKey}`;
    const known = this.#pages.get(key);
    if (known !== undefined) {
      const page = await known;
      const { to } = page;
      if (to > from && to <= limit && epoch === this.#reader.epoch) return page;
    }
    const reading = this.#slots.run(() => this.#read(shared, start, limit));
    this.#pages.set(key, reading);
    const drop = () => {
      if (this.#pages.get(key) === reading) this.#pages.delete(key);
    };
    reading.then(() => setTimeout(drop, KEEP_MS).unref(), drop);
    return reading;
  }

  async #read(shared: AudienceClass, from: number, limit: number): Promise<Page> {
    const { epoch, visible } = this.#reader;
    const to = Math.min(limit, visible);
    const asked = this.#rows;
    this.#onRead();
    const rows = await readMatching(this.#db.sql, shared.filter, { from, to, limit: asked });
    if (rows.some((row) => row.epoch !== epoch)) throw new Error('The feed has begun a new epoch.');
    // Looked at after the rows: a day dropped meanwhile would be a hole that nobody notices. The client comes back and
    // is reset.
    const oldest = await readOldest(this.#db.sql);
    const events = rows.map((row) => encodeEvent(epoch, row));
    const bytes = events.reduce((sum, { frame }) => sum + frame.length, 0);
    if (bytes > 0) {
      const fitting = Math.floor((events.length * PAGE_BYTES) / bytes);
      this.#rows = Math.max(LEAST_ROWS, Math.min(MOST_ROWS, fitting));
    }
    const last = rows.at(-1);
    const end = rows.length < asked || last === undefined ? to : last.seq - (last.seq % LEAST_ROWS);
    const whole = events.filter(({ seq }) => seq <= end);
    return { from, to: end, events: whole, oldest, segments: new WeakMap() };
  }
}

function segmentOf({ from, to, events, segments }: Page, shared: AudienceClass): Segment {
  const known = segments.get(shared);
  if (known !== undefined) return known;
  const told = events.flatMap((event) => shared.toldToAny(event) ?? []);
  const segment = shared.segmentOf(from, to, told);
  segments.set(shared, segment);
  return segment;
}
