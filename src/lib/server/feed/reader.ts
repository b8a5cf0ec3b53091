import type { Doorbell } from '../app.ts';
import type { Database } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import {
  createWaker,
  readAfter,
  readHead,
  renewEpoch,
  within,
  type SequencedEvent,
} from '../event-log/index.ts';
import { logger } from '../logger.ts';
import type { Cursor } from './cursor.ts';
import { encodeEvent, type EncodedEvent } from './encode.ts';
import { Ring } from './ring.ts';
import type { FeedTimings } from './timings.ts';

const BATCH = 1_000;
/** A batch follows the size of the events before it, so that large ones are not in memory by the thousand. */
const LEAST_BATCH = 32;
const BATCH_BYTES = 4 * 1024 * 1024;
const ERROR_PAUSE_MS = 500;
const GAP_PAUSE_MS = 100;
/** A connection that went dark gives no error for a quarter of an hour; the next look takes another one of the pool. */
export const READ_DEADLINE_MS = 3_000;
/** A burst is passed on before so much of it has gathered, so that readers do not fall out of the ring by waiting. */
const FLUSH_EVENTS = 2_000;
const FLUSH_BYTES = 1024 * 1024;

interface ReaderHooks {
  /** Readers may now see the events after `from` up to `to`. */
  onVisible(from: number, to: number): void;
  /** Called before the event becomes visible. */
  onEvent(event: EncodedEvent): void;
  /** The history that was read so far is not continued: everybody starts again at the head. */
  onLost(reason: 'epoch' | 'expired'): void;
}

/**
 * The one reader of the outbox in this process: fills the ring and opens it to the streams in windows, the first
 * event of a window at once. Its position is read once at the start and then only moves along.
 */
export class FeedReader {
  readonly ring = new Ring(0);
  #epoch = '';
  #visible = 0;
  #read = 0;
  #batch = BATCH;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();
  #lastFlush = Number.NEGATIVE_INFINITY;
  #unflushedBytes = 0;
  #window: NodeJS.Timeout | null = null;
  #gapSeenAt: number | null = null;
  #unsubscribe: () => void = () => undefined;
  readonly #waker = createWaker();
  readonly #arrivals = new Set<() => void>();
  readonly #db: Database;
  readonly #doorbell: Doorbell;
  readonly #timings: FeedTimings;
  readonly #hooks: ReaderHooks;

  constructor(options: { db: Database; doorbell: Doorbell; timings: FeedTimings; hooks: ReaderHooks }) {
    this.#db = options.db;
    this.#doorbell = options.doorbell;
    this.#timings = options.timings;
    this.#hooks = options.hooks;
  }

  get epoch(): string {
    return this.#epoch;
  }
  /** Position up to which streams are served; the ring may hold a little more. */
  get visible(): number {
    return this.#visible;
  }
  get read(): number {
    return this.#read;
  }

  async start(): Promise<void> {
    const head = await readHead(this.#db.sql);
    this.#beginAt(head.epoch, head.seq);
    this.#unsubscribe = this.#doorbell.onSequenced((seq) => {
      if (seq === 0 || seq > this.ring.head) this.#waker.ring();
    });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    if (this.#window !== null) clearTimeout(this.#window);
    this.#waker.close();
    await this.#running;
  }

  /** Waits until a place is visible here; false when it is not within `ms`. */
  async waitFor({ epoch, seq }: Cursor, ms: number): Promise<boolean> {
    const isThere = () => epoch === this.#epoch && seq <= this.#visible;
    if (isThere()) return true;
    this.#waker.ring();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#arrivals.delete(check);
        resolve(isThere());
      };
      const check = () => {
        if (isThere()) finish();
      };
      const timer = setTimeout(finish, ms);
      timer.unref();
      this.#arrivals.add(check);
    });
  }

  async #run(): Promise<void> {
    let rung = true;
    while (!this.#stopped) {
      try {
        const more: boolean = (rung || (await this.#headMoved())) && (await this.#readBatch());
        rung = more || (await this.#waker.wait(this.#timings.pollMs));
      } catch (thrown) {
        if (this.#stopped) return;
        logger.warn({ err: coerceError(thrown) }, 'the feed could not read its outbox; it tries again');
        await this.#waker.wait(ERROR_PAUSE_MS, { ignoreRings: true });
        rung = false;
      }
    }
  }

  /**
   * Looks at the one row of the head. When what was read here is not there any more, the database was restored under
   * us, and its places are given again in an epoch of their own.
   */
  async #headMoved(): Promise<boolean> {
    let head = await within(READ_DEADLINE_MS, readHead(this.#db.sql));
    if (head.epoch === this.#epoch && head.seq < this.ring.head) {
      const seen = { epoch: this.#epoch, seq: this.ring.head };
      await within(READ_DEADLINE_MS, renewEpoch(this.#db.sql, { seen }));
      head = await within(READ_DEADLINE_MS, readHead(this.#db.sql));
    }
    if (head.epoch !== this.#epoch || head.seq < this.ring.head) {
      logger.warn({ head, epoch: this.#epoch, seq: this.ring.head }, 'the feed begins a new epoch');
      this.#beginAt(head.epoch, head.seq);
      this.#hooks.onLost('epoch');
      this.#tellArrivals();
      return false;
    }
    return head.seq > this.ring.head;
  }

  #beginAt(epoch: string, seq: number): void {
    this.#epoch = epoch;
    this.ring.restart(seq);
    this.#visible = seq;
    this.#unflushedBytes = 0;
  }

  /** Returns whether there may be more at once. */
  async #readBatch(): Promise<boolean> {
    const limit = this.#batch;
    const rows = await within(READ_DEADLINE_MS, readAfter(this.#db.sql, this.ring.head, limit));
    const first = rows[0];
    // Places of another epoch are not a continuation, whatever their numbers.
    if (first === undefined || first.epoch !== this.#epoch) {
      await this.#headMoved();
      return false;
    }
    if (first.seq !== this.ring.head + 1) return this.#gap(first);
    this.#gapSeenAt = null;
    let bytes = 0;
    for (const row of rows) {
      const event = encodeEvent(this.#epoch, row);
      this.ring.push(event);
      this.#read += 1;
      bytes += event.frame.length;
      this.#unflushedBytes += event.frame.length;
      this.#hooks.onEvent(event);
      if (this.ring.head - this.#visible >= FLUSH_EVENTS || this.#unflushedBytes >= FLUSH_BYTES)
        this.#flush();
    }
    this.#openWindow();
    this.#batch = Math.max(LEAST_BATCH, Math.min(BATCH, Math.floor((rows.length * BATCH_BYTES) / bytes)));
    return rows.length === limit;
  }

  /** Positions have no gaps, so one is a fault: read again, and if it stays, say so to everybody rather than skip it. */
  async #gap(next: SequencedEvent): Promise<boolean> {
    logger.error({ expected: this.ring.head + 1, found: next.seq }, 'the feed has a gap');
    if (this.#gapSeenAt !== this.ring.head) {
      this.#gapSeenAt = this.ring.head;
      await this.#waker.wait(GAP_PAUSE_MS, { ignoreRings: true });
      return true;
    }
    this.#beginAt(this.#epoch, next.seq - 1);
    this.#hooks.onLost('expired');
    return true;
  }

  #openWindow(): void {
    if (this.#window !== null || this.ring.head === this.#visible) return;
    const remaining = this.#lastFlush + this.#timings.windowMs - performance.now();
    if (remaining <= 0) {
      this.#flush();
      return;
    }
    this.#window = setTimeout(() => {
      this.#window = null;
      this.#flush();
    }, remaining);
    this.#window.unref();
  }

  #flush(): void {
    const from = this.#visible;
    this.#visible = this.ring.head;
    this.#unflushedBytes = 0;
    this.#lastFlush = performance.now();
    if (from === this.#visible) return;
    this.#hooks.onVisible(from, this.#visible);
    this.#tellArrivals();
  }

  #tellArrivals(): void {
    for (const check of [...this.#arrivals]) check();
  }
}
