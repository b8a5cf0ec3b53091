import { createAttributeSpace, type AttributeSpace } from '#lib/domain/attributes/attribute-space.ts';
import { encodeEntries } from '#lib/domain/attributes/encode-entries.ts';
import type { SettingEntry } from '#lib/domain/attributes/setting-entry.ts';
import { createMetrics, foldMetrics, type MetricsState } from '#lib/domain/metrics/metrics-state.ts';
import { emptyColumns, type Columns } from '#lib/domain/patterns/columns.ts';
import { createFoldImage, type FoldImage } from '#lib/domain/patterns/fold-image.ts';
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
  type FoldProgress,
  type PlacedEntry,
} from './log-store.ts';

/** Outcomes a batch takes, and how many when more than `LONG_QUEUE` wait (FINE-PRINT 9). */
const BATCH = 50;
const LONG_QUEUE = 500;
const LONG_BATCH = 5_000;
const REBUILD_BATCH = 20_000;
const FLUSH_MS = 1_000;
/** In a batch up to this size the feed says which outcome got which position. */
const NAMED_COUNTED = 50;

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
  lastRecordedAtMs: number | null;
}

/** Not a fault: the memory cannot be carried on and is built again from the log. */
class RefoldNeeded extends Error {}

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
  #settingsSeen = 0;
  /** Set while this instance leads; null otherwise. */
  #term: FoldProgress | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #built = false;
  #stopped = false;
  #error: Error | null = null;
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

  /** Takes what waits, now or as soon as the batch under way ends. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (this.#again) {
        this.#again = false;
        this.wake();
      }
    });
  }

  /** Resolves once the log has been read for the first time. @throws what went wrong */
  async ready(): Promise<void> {
    if (!this.#built) {
      this.wake();
      await this.#running;
    }
    if (!this.#built) throw this.#error ?? new Error('The fold of this workspace is stopped.');
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

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    await this.#running;
    if (this.#term !== null && this.#dirty.size > 0) {
      await this.#commit([], [], this.#memory()).catch((thrown: unknown) => {
        this.#options.logger.warn(
          { err: coerceError(thrown) },
          'the last figures of patterns were not written',
        );
      });
    }
  }

  #emptyMemory(settings: readonly SettingEntry[]): FoldMemory {
    return {
      space: createAttributeSpace(settings),
      image: createFoldImage(this.#options.cube),
      columns: emptyColumns(),
      metrics: createMetrics(),
      leaders: [],
      lastRecordedAtMs: null,
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
      this.#error = null;
    } catch (thrown) {
      const error = coerceError(thrown);
      this.#term = null;
      if (error instanceof LostTermError) {
        this.#options.logger.info({ workspace: this.#options.workspace.id }, error.message);
        return;
      }
      this.#built = false;
      if (error instanceof RefoldNeeded) {
        this.#again = true;
        return;
      }
      this.#error = error;
      this.#options.logger.error(
        { err: error, workspace: this.#options.workspace.id },
        'a fold failed; it will be rebuilt',
      );
    }
  }

  /** Forgets everything and reads the log again, up to what is applied. */
  async #rebuild(): Promise<void> {
    const { db, workspace } = this.#options;
    const progress = await readProgress(db.sql, workspace.id);
    const settings = await readSettings(db.sql, workspace.id, 0);
    this.#settingsSeen = settings.reduce((highest, { id }) => Math.max(highest, id), 0);
    this.#spare = null;
    this.#term = null;
    let memory = this.#emptyMemory(settings.map(({ entry }) => entry));
    for (let after = 0; after < progress.applied;) {
      const through = Math.min(progress.applied, after + REBUILD_BATCH);
      const entries = await readEntries(db.sql, workspace.id, after, through);
      memory = (await this.#fold(memory, entries, [], 'background')).memory;
      after = through;
    }
    this.#replace(memory);
    this.#dirty.clear();
    this.#built = true;
  }

  /** Not the leader: take over what the leader has applied. */
  async #follow(): Promise<void> {
    this.#term = null;
    const { db, workspace } = this.#options;
    const progress = await readProgress(db.sql, workspace.id);
    const fresh = await this.#newSettings();
    for (let after = this.knowledge.asOf; after < progress.applied;) {
      const through = Math.min(progress.applied, after + LONG_BATCH);
      const entries = await readEntries(db.sql, workspace.id, after, through);
      const due = fresh.filter((entry) => entry.effectiveAfter <= through && entry.effectiveAfter >= after);
      const result = await this.#fold(this.#memory(), entries, due, 'live');
      this.#replace(result.memory);
      after = through;
    }
  }

  async #lead(): Promise<void> {
    const { db, workspace, instance } = this.#options;
    if (this.#term === null) {
      const term = await takeTerm(db.sql, workspace.id, instance);
      if (term.applied !== this.knowledge.asOf) await this.#follow();
      this.#term = term;
    }
    let limit = BATCH;
    while (!this.#stopped && this.#term !== null && (await this.#options.tryLead())) {
      const progress: FoldProgress = this.#term;
      if (progress.placed === progress.applied && (await placeSettings(db.sql, workspace.id, progress)) > 0) {
        await this.#applyBatch([], await this.#newSettings());
        continue;
      }
      const entries = await this.#take(progress, limit);
      if (entries.length === 0) return;
      const full = entries.length >= limit;
      const waiting = full ? await readWaiting(db.sql, workspace.id) : { count: 0, oldest: null };
      this.knowledge.setWaiting(
        waiting.count + entries.length,
        waiting.oldest ?? entries[0]?.recordedAtMs ?? null,
      );
      limit = waiting.count > LONG_QUEUE ? LONG_BATCH : BATCH;
      await this.#applyBatch(entries, []);
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

  async #applyBatch(entries: PlacedEntry[], settings: SettingEntry[]): Promise<void> {
    const result = await this.#fold(this.#memory(), entries, settings, 'live');
    for (const index of result.touched) this.#dirty.add(index);
    const events = await this.knowledge.eventsFor(result.memory, result.touched, this.#counted(entries));
    await this.#commit(result.decisions, events, result.memory);
    this.#replace(result.memory);
    this.knowledge.setWaiting(0, null);
    this.#options.ringFeed();
  }

  #counted(entries: readonly PlacedEntry[]): { id: string; position: number }[] | undefined {
    if (entries.length > NAMED_COUNTED) return undefined;
    return entries
      .filter(({ kind }) => kind === 'add')
      .map(({ outcomeId, position }) => ({ id: outcomeId, position }));
  }

  async #fold(
    memory: FoldMemory,
    entries: readonly PlacedEntry[],
    settings: readonly SettingEntry[],
    priority: 'live' | 'background',
  ) {
    const encoded = encodeEntries(memory.space, entries, settings);
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
        metrics: foldMetrics(memory.metrics, entries),
        leaders: answer.leaders,
        lastRecordedAtMs: entries.at(-1)?.recordedAtMs ?? memory.lastRecordedAtMs,
      } satisfies FoldMemory,
      touched: answer.touched,
      decisions: encoded.decisions,
    };
  }

  async #commit(
    decisions: Parameters<typeof commitApplied>[1]['decisions'],
    events: readonly FeedEvent[],
    memory: FoldMemory,
  ): Promise<void> {
    const progress = this.#term;
    if (progress === null) throw new LostTermError('This instance does not lead the workspace any more.');
    const now = this.#options.now();
    const flush = now - this.#flushedAt >= FLUSH_MS || this.#stopped;
    const position = memory.space.position;
    await commitApplied(this.#options.db, {
      workspaceId: this.#options.workspace.id,
      progress,
      position,
      decisions,
      patterns: flush ? this.knowledge.patternRows(memory, this.#dirty) : [],
      events,
    });
    this.#term = { ...progress, applied: position };
    if (flush) {
      this.#dirty.clear();
      this.#flushedAt = now;
    } else this.#flushLater();
  }

  /** Rows of patterns are written at most once a second; the last change must not wait for the next outcome. */
  #flushLater(): void {
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = null;
      if (this.#stopped || this.#dirty.size === 0 || this.#running !== null || this.#term === null) return;
      this.#running = this.#commit([], [], this.#memory())
        .catch((thrown: unknown) => {
          this.#term = null;
          this.#options.logger.warn({ err: coerceError(thrown) }, 'figures of patterns were not written');
        })
        .finally(() => {
          this.#running = null;
          if (this.#again) this.wake();
        });
    }, FLUSH_MS).unref();
  }

  #replace(memory: FoldMemory): void {
    this.knowledge.replace(memory);
    for (const waiter of [...this.#waiters]) if (waiter.position <= this.knowledge.asOf) waiter.resolve();
  }

  /** Settings that people made since the last look. @throws RefoldNeeded when one of them changes the past */
  async #newSettings(): Promise<SettingEntry[]> {
    const stored = await readSettings(this.#options.db.sql, this.#options.workspace.id, this.#settingsSeen);
    const byPeople = stored.filter(({ byFold }) => !byFold).map(({ entry }) => entry);
    if (byPeople.some((entry) => entry.effectiveAfter < this.knowledge.asOf)) {
      throw new RefoldNeeded('A setting is older than what this instance has folded.');
    }
    this.#settingsSeen = stored.reduce((highest, { id }) => Math.max(highest, id), this.#settingsSeen);
    return byPeople;
  }
}
