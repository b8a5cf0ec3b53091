import { createAttributeSpace, type AttributeSpace } from '#lib/domain/attributes/attribute-space.ts';
import { encodeEntries } from '#lib/domain/attributes/encode-entries.ts';
import { createMetrics, foldMetrics, type MetricsState } from '#lib/domain/metrics/metrics-state.ts';
import { emptyColumns, type Columns } from '#lib/domain/patterns/columns.ts';
import { createFoldImage, type FoldImage } from '#lib/domain/patterns/fold-image.ts';
import { trackedPatterns } from '#lib/domain/patterns/tracked-patterns.ts';
import type { Database } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import type { FeedEvent } from '../event-log/append-events.ts';
import type { Logger } from '../logger.ts';
import type { FoldPool } from './fold-pool.ts';
import { Knowledge } from './knowledge.ts';
import {
  commitApplied,
  LostTermError,
  placeEntries,
  placeSettings,
  readEntries,
  readProgress,
  readSettings,
  readWaiting,
  takeTerm,
  type Applied,
  type FoldProgress,
  type PlacedEntry,
  type StoredSetting,
} from './log-store.ts';

/** Outcomes a batch takes, and how many when more than `LONG_QUEUE` wait (FINE-PRINT 9). */
const BATCH = 50;
const LONG_QUEUE = 500;
const LONG_BATCH = 5_000;
/** Rows read at once when the log is read anew; folded in tasks of `LONG_BATCH`, which give way to live work. */
const READ_AHEAD = 20_000;
const FLUSH_MS = 1_000;
/** Rows of patterns written at once: a thousand cost some 30 ms, which the next batch would wait for. */
const FLUSH_ROWS = 400;
/** In a batch up to this size the feed says which outcome got which position. */
const NAMED_COUNTED = 50;
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

export interface WorkspaceFoldOptions {
  workspace: { id: string; timezone: string };
  db: Database;
  pool: FoldPool;
  logger: Logger;
  instance: string;
  cube: { trackedCap: number; cellLimit: number };
  now: () => number;
  /** Tries to take (or still hold) the lock of leadership. */
  tryLead: () => Promise<boolean>;
  ringFeed: () => void;
}

/** What the fold holds as of its position; replaced as a whole after each commit. */
export interface FoldMemory {
  space: AttributeSpace;
  image: FoldImage;
  columns: Columns;
  metrics: MetricsState;
  /** Indexes of the tracked patterns shown first, in order. */
  leaders: readonly number[];
  /** The fold's clock: the latest `recordedAt` up to here, so that it never goes back. */
  lastRecordedAtMs: number | null;
  /** Ordinal of the last setting that is in force. */
  settingsSeen: number;
}

type Decision = Applied['decisions'][number];

/** Not a fault: the memory cannot be carried on and is built again from the log. */
class RefoldNeeded extends Error {}
/** Not a fault: the server stops. */
class Stopping extends Error {}

/**
 * The fold of one workspace on this instance: reads the log in order, keeps the memory that lists and lookups answer
 * from, and, while it leads, places entries and writes what they change.
 *
 * One `run` at a time. Memory is never ahead of the database: it changes only after the commit that says so; on any
 * doubt it is thrown away and rebuilt from the log (FINE-PRINT 8).
 */
export class WorkspaceFold {
  readonly knowledge: Knowledge;
  readonly #options: WorkspaceFoldOptions;
  #spare: FoldImage | null = null;
  /** Set while this instance leads; null otherwise. */
  #term: FoldProgress | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #built = false;
  #stopped = false;
  #failures = 0;
  #error: Error | null = null;
  #retry: NodeJS.Timeout | null = null;
  readonly #readers = new Set<{ resolve: () => void; reject: (error: Error) => void }>();
  /** After a refold: what it decided, to be stored, and that everybody is to be told. */
  #announce: { decisions: Decision[] } | null = null;
  #dirty = new Set<number>();
  #flushedAt = 0;
  #flushTimer: NodeJS.Timeout | null = null;
  readonly #waiters = new Set<{ position: number; resolve: () => void }>();

  constructor(options: WorkspaceFoldOptions) {
    this.#options = options;
    this.knowledge = new Knowledge({
      workspace: options.workspace,
      db: options.db,
      now: options.now,
      memory: this.#emptyMemory([]),
    });
  }

  get leading(): boolean {
    return this.#term !== null;
  }

  get error(): Error | null {
    return this.#error;
  }

  /** Takes what waits, now or as soon as the batch under way ends; after a failure, when its pause is over. */
  wake(): void {
    if (this.#stopped || this.#retry !== null) return;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#occupy(this.#run());
  }

  /** Resolves once the log has been read for the first time. @throws what went wrong */
  ready(): Promise<void> {
    if (this.#built) return Promise.resolve();
    if (this.#error !== null) return Promise.reject(this.#error);
    if (this.#stopped) return Promise.reject(new Stopping('The server stops.'));
    return new Promise((resolve, reject) => {
      this.#readers.add({ resolve, reject });
      this.wake();
    });
  }

  setTimezone(timezone: string): void {
    this.#options.workspace.timezone = timezone;
  }

  /** The lock was lost; writes of the old term are refused by the database anyway. */
  loseLeadership(): void {
    this.#term = null;
  }

  /** True once `position` is applied; false after `deadlineMs`. */
  waitFor(position: number, deadlineMs: number): Promise<boolean> {
    if (this.knowledge.asOf >= position) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiter = { position, resolve: () => finish(true) };
      const timer = setTimeout(() => finish(false), deadlineMs);
      timer.unref();
      const finish = (reached: boolean) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(reached);
      };
      this.#waiters.add(waiter);
    });
  }

  /** Every few seconds: tells readers what time alone has changed (FINE-PRINT 12). */
  tick(): void {
    if (this.#stopped || this.#running !== null || this.#term === null || !this.#built) return;
    this.#occupy(this.#tellTheTime());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.#running;
    if (this.#term !== null && this.#built && this.#dirty.size > 0) {
      await this.#commit([], [], this.#memory()).catch((thrown: unknown) => {
        this.#options.logger.warn(
          { err: coerceError(thrown) },
          'the last figures of patterns were not written',
        );
      });
    }
    this.#settleReaders(new Stopping('The server stops.'));
  }

  #occupy(work: Promise<void>): void {
    this.#running = work.finally(() => {
      this.#running = null;
      if (this.#again) this.wake();
    });
  }

  #settleReaders(error: Error | null): void {
    for (const { resolve, reject } of this.#readers) {
      if (error === null) resolve();
      else reject(error);
    }
    this.#readers.clear();
  }

  #emptyMemory(settings: readonly StoredSetting[]): FoldMemory {
    return {
      space: createAttributeSpace(settings.map(({ entry }) => entry)),
      image: createFoldImage(this.#options.cube),
      columns: emptyColumns(),
      metrics: createMetrics(),
      leaders: [],
      lastRecordedAtMs: null,
      settingsSeen: settings.at(-1)?.entry.ordinal ?? 0,
    };
  }

  #memory(): FoldMemory {
    return this.knowledge.memory;
  }

  async #run(): Promise<void> {
    try {
      if (!this.#built) await this.#rebuild();
      if (await this.#options.tryLead()) await this.#lead();
      else await this.#follow();
      this.#failures = 0;
      this.#error = null;
    } catch (thrown) {
      this.#fail(coerceError(thrown));
    }
  }

  #fail(error: Error): void {
    const { logger, workspace } = this.#options;
    this.#term = null;
    this.knowledge.setWaiting(0, null);
    if (error instanceof Stopping) return;
    if (error instanceof LostTermError) {
      logger.info({ workspace: workspace.id }, error.message);
      this.#again = true;
      return;
    }
    this.#built = false;
    if (error instanceof RefoldNeeded) {
      logger.info({ workspace: workspace.id }, error.message);
      this.#announce = { decisions: [] };
      this.#again = true;
      return;
    }
    this.#error = error;
    const pause = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.wake();
    }, pause).unref();
    this.#settleReaders(error);
    logger.error({ err: error, workspace: workspace.id, pause }, 'a fold failed; it will be built again');
  }

  /** Forgets everything and reads the log again, up to what is applied. */
  async #rebuild(): Promise<void> {
    const { db, workspace } = this.#options;
    const progress = await readProgress(db.sql, workspace.id);
    const settings = await readSettings(db.sql, workspace.id, 0);
    this.#spare = null;
    this.#term = null;
    let memory = this.#emptyMemory(settings);
    const decided: Decision[] = [];
    for (let after = 0; after < progress.applied; after += READ_AHEAD) {
      const through = Math.min(progress.applied, after + READ_AHEAD);
      const entries = await readEntries(db.sql, workspace.id, after, through);
      for (let from = 0; from < entries.length; from += LONG_BATCH) {
        this.#throwIfStopped();
        const folded = await this.#fold(memory, entries.slice(from, from + LONG_BATCH), [], 'background');
        memory = folded.memory;
        decided.push(...folded.decisions);
      }
    }
    this.#dirty = new Set(trackedPatterns(memory.image).map(({ index }) => index));
    if (this.#announce !== null) this.#announce.decisions = decided.filter((one) => !isStored(one, settings));
    this.#built = true;
    this.#replace(memory, true);
    this.#settleReaders(null);
  }

  /** Takes over what the leader has applied, and every setting in force there. */
  async #follow(): Promise<void> {
    const { db, workspace } = this.#options;
    const progress = await readProgress(db.sql, workspace.id);
    await this.#catchUp(progress.applied);
    const waiting = await readWaiting(db.sql, workspace.id);
    this.knowledge.setWaiting(waiting.count + progress.placed - progress.applied, waiting.oldest);
  }

  async #catchUp(applied: number): Promise<void> {
    const { db, workspace } = this.#options;
    const fresh = await readSettings(db.sql, workspace.id, this.#memory().settingsSeen);
    let seen = 0;
    for (;;) {
      this.#throwIfStopped();
      const after = this.knowledge.asOf;
      const through = Math.min(applied, after + LONG_BATCH);
      const due: StoredSetting[] = [];
      for (
        let next = fresh[seen];
        next !== undefined && next.entry.effectiveAfter <= through;
        next = fresh[seen]
      ) {
        due.push(next);
        seen += 1;
      }
      if (through <= after && due.length === 0) return;
      const entries = through > after ? await readEntries(db.sql, workspace.id, after, through) : [];
      this.#replace((await this.#fold(this.#memory(), entries, due, 'live')).memory);
    }
  }

  async #lead(): Promise<void> {
    const { db, workspace, instance } = this.#options;
    if (this.#term === null) {
      const term = await takeTerm(db.sql, workspace.id, instance);
      await this.#catchUp(term.applied);
      this.#term = term;
    }
    if (this.#announce !== null) {
      await this.#applyBatch([], [], this.#announce.decisions);
      this.#announce = null;
    }
    let limit = BATCH;
    while (!this.#stopped && this.#term !== null && (await this.#options.tryLead())) {
      const progress: FoldProgress = this.#term;
      if (progress.placed === progress.applied && (await placeSettings(db.sql, workspace.id, progress)) > 0) {
        await this.#applyBatch([], await readSettings(db.sql, workspace.id, this.#memory().settingsSeen), []);
        continue;
      }
      const entries = await this.#take(progress, limit);
      if (entries.length === 0) {
        this.knowledge.setWaiting(0, null);
        return;
      }
      const full = entries.length >= limit;
      const rest = full ? await readWaiting(db.sql, workspace.id) : { count: 0, oldest: null };
      this.knowledge.setWaiting(rest.count + entries.length, earliest(entries, rest.oldest));
      limit = rest.count > LONG_QUEUE ? LONG_BATCH : BATCH;
      await this.#applyBatch(entries, [], [], rest);
      // Looking for nothing costs as much as a batch; who records rings, and the poll finds what rang in vain.
      if (!full && !this.#again) return;
      this.#again = false;
    }
  }

  /** What was placed but not applied (by a leader that died), else what waits for a position. */
  async #take(progress: FoldProgress, limit: number): Promise<PlacedEntry[]> {
    const { db, workspace } = this.#options;
    if (progress.placed > progress.applied) {
      const through = Math.min(progress.placed, progress.applied + limit);
      return readEntries(db.sql, workspace.id, progress.applied, through);
    }
    const entries = await placeEntries(db.sql, workspace, progress, limit);
    if (entries.length > 0) this.#term = { ...progress, placed: progress.placed + entries.length };
    return entries;
  }

  /** Folds, commits and publishes one batch. `rest`: what still waits behind it. */
  async #applyBatch(
    entries: PlacedEntry[],
    settings: StoredSetting[],
    decisions: Decision[],
    rest: { count: number; oldest: number | null } = { count: 0, oldest: null },
  ): Promise<void> {
    const result = await this.#fold(this.#memory(), entries, settings, 'live');
    for (const index of result.touched) this.#dirty.add(index);
    const events = await this.knowledge.eventsFor(result.memory, result.touched, countedIn(entries), rest);
    await this.#commit([...decisions, ...result.decisions], events, result.memory);
    this.#replace(result.memory);
    this.knowledge.setWaiting(rest.count, rest.oldest);
    this.#options.ringFeed();
  }

  async #fold(
    memory: FoldMemory,
    entries: readonly PlacedEntry[],
    settings: readonly StoredSetting[],
    priority: 'live' | 'background',
  ) {
    let clock = memory.lastRecordedAtMs;
    const facts = entries.map((entry) => {
      clock = Math.max(clock ?? entry.recordedAtMs, entry.recordedAtMs);
      return { ...entry, recordedAtMs: clock };
    });
    // What the fold decided itself it decides again; only what people set is news.
    const byPeople = settings.filter(({ byFold }) => !byFold).map(({ entry }) => entry);
    const encoded = encodeEntries(memory.space, facts, byPeople);
    if (encoded.kind === 'refold') {
      throw new RefoldNeeded(`The setting ${encoded.because.kind} changes the past; the log is read again.`);
    }
    const answer = await this.#options.pool.fold(
      { front: memory.image, spare: this.#spare, columns: memory.columns, batch: encoded.batch },
      priority,
    );
    this.#spare = memory.image;
    return {
      memory: {
        space: encoded.space,
        image: answer.image,
        columns: answer.columns,
        metrics: foldMetrics(memory.metrics, facts),
        leaders: answer.leaders,
        lastRecordedAtMs: clock,
        settingsSeen: settings.at(-1)?.entry.ordinal ?? memory.settingsSeen,
      } satisfies FoldMemory,
      touched: answer.touched,
      decisions: encoded.decisions,
    };
  }

  async #commit(
    decisions: readonly Decision[],
    events: readonly FeedEvent[],
    memory: FoldMemory,
  ): Promise<void> {
    const progress = this.#term;
    if (progress === null) throw new LostTermError('This instance does not lead the workspace any more.');
    const now = this.#options.now();
    const due = now - this.#flushedAt >= FLUSH_MS;
    const written = this.#stopped ? [...this.#dirty] : due ? [...this.#dirty].slice(0, FLUSH_ROWS) : [];
    const position = memory.space.position;
    await commitApplied(this.#options.db, {
      workspaceId: this.#options.workspace.id,
      progress,
      position,
      decisions,
      patterns: this.knowledge.patternRows(memory, written),
      events,
    });
    this.#term = { ...progress, applied: position };
    for (const index of written) this.#dirty.delete(index);
    if (written.length > 0) this.#flushedAt = now;
    if (this.#dirty.size > 0) this.#flushLater();
  }

  /** Rows of patterns are written at most once a second; the last change must not wait for the next outcome. */
  #flushLater(): void {
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = null;
      if (this.#stopped || this.#dirty.size === 0 || this.#term === null) return;
      if (this.#running === null) this.#occupy(this.#guarded(() => this.#commit([], [], this.#memory())));
      else this.#flushLater();
    }, FLUSH_MS).unref();
  }

  async #tellTheTime(): Promise<void> {
    await this.#guarded(async () => {
      const events = await this.knowledge.timeEvents();
      if (events.length === 0) return;
      await this.#commit([], events, this.#memory());
      this.#options.ringFeed();
    });
  }

  /** A write beside the batches; a failure ends the term, and the next run finds out why. */
  async #guarded(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (thrown) {
      this.#term = null;
      this.#again = true;
      this.#options.logger.warn({ err: coerceError(thrown) }, 'figures were not written');
    }
  }

  #replace(memory: FoldMemory, rebuilt = false): void {
    this.knowledge.replace(memory, rebuilt);
    for (const waiter of [...this.#waiters]) if (waiter.position <= this.knowledge.asOf) waiter.resolve();
  }

  #throwIfStopped(): void {
    if (this.#stopped) throw new Stopping('The server stops.');
  }
}

function countedIn(entries: readonly PlacedEntry[]): { id: string; position: number }[] | undefined {
  if (entries.length === 0 || entries.length > NAMED_COUNTED) return undefined;
  return entries
    .filter(({ kind }) => kind === 'add')
    .map(({ outcomeId, position }) => ({ id: outcomeId, position }));
}

function earliest(entries: readonly PlacedEntry[], other: number | null): number | null {
  return entries.reduce<number | null>(
    (least, { recordedAtMs }) => (least === null ? recordedAtMs : Math.min(least, recordedAtMs)),
    other,
  );
}

function isStored(decision: Decision, settings: readonly StoredSetting[]): boolean {
  return settings.some(
    ({ entry }) =>
      entry.kind === decision.kind &&
      'attribute' in entry.payload &&
      'attribute' in decision.payload &&
      entry.payload.attribute === decision.payload.attribute,
  );
}
