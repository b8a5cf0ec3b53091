import type { FoldEffect } from '#lib/domain/patterns/fold-effect.ts';
import type { NextSwap } from '#lib/domain/patterns/next-swap.ts';
import { trackedPatterns } from '#lib/domain/patterns/tracked-patterns.ts';
import type { Database, Sql, TransactionSql } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { EvidenceSwaps } from './evidence-swaps.ts';
import { FoldCommits, type Commit } from './fold-commits.ts';
import { emptyMemory, NO_END, type CubeBounds, type FoldMemory } from './fold-memory.ts';
import type { FoldPool } from './fold-pool.ts';
import { FoldSnapshots } from './fold-snapshots.ts';
import { endAfter, FoldSteps, RefoldNeeded, type Folded, type StoredDecision } from './fold-steps.ts';
import { FoldTrouble } from './fold-trouble.ts';
import { Knowledge } from './knowledge.ts';
import {
  isOfThisHistory,
  LostTermError,
  placeEntries,
  placeSetting,
  readApplied,
  readEntries,
  readProgress,
  readSettings,
  readWaiting,
  readWaitingSettings,
  storeSwap,
  type FoldProgress,
  type PlacedEntry,
  type StoredSetting,
  type WaitingSetting,
} from './log-store.ts';
import type { LogReadAnew } from './pattern-history.ts';
import { retireOthers } from './pattern-rows.ts';
import { FIRST_READING, readLog, takeDue } from './read-log.ts';

/** Outcomes a batch takes, and how many when more than `LONG_QUEUE` wait (FINE-PRINT 9). */
const BATCH = 50;
const LONG_QUEUE = 500;
const LONG_BATCH = 5_000;
/** In a batch up to this size the feed says which outcome got which position. */
const NAMED_COUNTED = 50;
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** Failures in a row after which the log is read instead of the snapshot. */
const DISTRUST_FAILURES = 2;
/**
 * Failures in a row after which another instance may lead, because more than a moment is to blame. With one more, admins
 * are told if none does.
 */
const LASTING_FAILURES = 2;

export interface WorkspaceFoldOptions {
  workspace: { id: string; timezone: string };
  db: Database;
  pool: FoldPool;
  logger: Logger;
  instance: string;
  cube: CubeBounds;
  now: () => number;
  /** Tries to take (or still hold) the lock of leadership. */
  tryLead: () => Promise<boolean>;
  /** Whether it is held, without trying. */
  holdsLead: () => boolean;
  /** Gives it up for another instance to take. */
  yieldLead: () => Promise<void>;
  ringFeed: () => void;
}

/** What still waits behind a batch. */
interface Rest {
  count: number;
  oldest: number | null;
}

/** What building a memory has found. */
interface Reading extends LogReadAnew {
  after: number;
  effects: FoldEffect[];
  decisions: StoredDecision[];
  foldMs: number;
}

function note(reading: Reading, { effects, decisions, foldMs }: Folded): void {
  for (const effect of effects) reading.effects.push(effect);
  reading.decisions.push(...decisions);
  reading.foldMs += foldMs;
}

/** Not a fault of ours: the database goes on from a copy that does not have what the memory has. */
class HistoryLost extends Error {
  constructor() {
    super('The database has lost what this fold has applied; it is built again.');
  }
}

/** Not a fault: the server stops. */
class Stopping extends Error {}

/**
 * The fold of one workspace on this instance: reads the log in order, keeps the memory that lists and lookups answer
 * from, and, while it leads, places entries and writes what they change.
 *
 * One `run` at a time. Memory is never ahead of the database: it changes only after the commit that says so; on any
 * doubt it is thrown away and rebuilt (FINE-PRINT 8).
 */
export class WorkspaceFold {
  readonly knowledge: Knowledge;
  readonly #options: WorkspaceFoldOptions;
  readonly #steps: FoldSteps;
  readonly #commits: FoldCommits;
  readonly #swaps: EvidenceSwaps;
  readonly #snapshots: FoldSnapshots;
  readonly #trouble: FoldTrouble;
  #running: Promise<void> | null = null;
  #again = false;
  #built = false;
  /** Another number, another memory. */
  #builds = 0;
  #readFrom: 'snapshot' | 'log' | null = null;
  #stopped = false;
  #failures = 0;
  #error: Error | null = null;
  #retry: NodeJS.Timeout | null = null;
  readonly #readers = new Set<{ resolve: () => void; reject: (error: Error) => void }>();
  /** After a setting that changes the past: everybody is to be told. */
  #announce = false;
  /** What building the memory has found, until a leader has written it; of use only while the memory is at its end. */
  #reading: Reading | null = null;
  readonly #waiters = new Set<{ position: number; resolve: () => void }>();

  constructor(options: WorkspaceFoldOptions) {
    const { workspace, db, pool, logger, instance, cube, now, holdsLead, ringFeed } = options;
    this.#options = options;
    this.#trouble = new FoldTrouble({ workspaceId: workspace.id, db, logger, holdsLead, ringFeed });
    this.knowledge = new Knowledge({ workspace, db, pool, now, memory: emptyMemory(cube, []) });
    this.#steps = new FoldSteps(pool);
    this.#commits = new FoldCommits({
      workspaceId: workspace.id,
      db,
      instance,
      patternRows: (memory, indexes) => this.knowledge.patternRows(memory, indexes),
      onDue: () => this.#beside(() => this.#write({ memory: this.#memory() })),
    });
    this.#snapshots = new FoldSnapshots({
      workspaceId: workspace.id,
      db,
      logger,
      cube,
      memory: () => this.#memory(),
      // Who starts from a snapshot does not find that again, so it is written before.
      term: () => (this.#built && this.#reading === null ? (this.#commits.progress?.term ?? null) : null),
      keep: (images) => this.#steps.keep(images),
    });
    this.#swaps = new EvidenceSwaps({
      memory: () => this.#memory(),
      store: (swap) => this.#storeSwap(swap),
      onFailure: (error) =>
        logger.warn({ err: error, workspace: workspace.id }, 'a swap of evidence could not be recorded'),
    });
  }

  get leading(): boolean {
    return this.#commits.progress !== null;
  }

  /** From what the memory was built; null before it was. */
  get readFrom(): 'snapshot' | 'log' | null {
    return this.#readFrom;
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
    this.#endTerm();
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

  /** See Folds. */
  async readApplied(sql: Sql | TransactionSql): Promise<number> {
    const build = this.#builds;
    const { applied, isKept } = await readApplied(sql, this.#options.workspace.id, this.#memory());
    if (!isKept && this.#built && build === this.#builds) {
      this.#fail(new HistoryLost());
      this.wake();
    }
    return applied;
  }

  /** Every few seconds: tells readers what time alone has changed (FINE-PRINT 12). */
  tick(): void {
    if (this.#stopped || !this.leading || !this.#built) return;
    if (this.#error === null) this.#trouble.end();
    this.#beside(() => this.#tellTheTime());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#commits.stop();
    this.#swaps.drop();
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.#running;
    if (this.leading && this.#built && this.#commits.hasRowsToWrite) {
      await this.#write({ memory: this.#memory() }).catch((thrown: unknown) => {
        this.#options.logger.warn(
          { err: coerceError(thrown) },
          'the last figures of patterns were not written',
        );
      });
    }
    await this.#snapshots.stop();
    await this.#trouble.settled();
    this.#settleReaders(new Stopping('The server stops.'));
  }

  /** Writes a snapshot of what is applied now, if this instance leads. */
  snapshot(): Promise<void> {
    return this.#snapshots.write();
  }

  #occupy(work: Promise<void>): void {
    this.#running = work.finally(() => {
      this.#running = null;
      if (this.#again) this.wake();
    });
  }

  /** Does something between two batches; false while one is under way. */
  #beside(act: () => Promise<void>): boolean {
    if (this.#running !== null) return false;
    if (!this.#stopped) this.#occupy(this.#guarded(act));
    return true;
  }

  #settleReaders(error: Error | null): void {
    for (const { resolve, reject } of this.#readers) {
      if (error === null) resolve();
      else reject(error);
    }
    this.#readers.clear();
  }

  #memory(): FoldMemory {
    return this.knowledge.memory;
  }

  async #run(): Promise<void> {
    try {
      if (!this.#built) await this.#rebuild();
      if (await this.#options.tryLead()) await this.#lead();
      else {
        // The lock went while a write was under way.
        if (this.leading) this.#endTerm();
        await this.#follow();
      }
      this.#failures = 0;
      this.#error = null;
      if (this.leading) this.#trouble.end();
    } catch (thrown) {
      this.#fail(coerceError(thrown));
    }
  }

  #fail(error: Error): void {
    const { logger, workspace } = this.#options;
    this.#endTerm();
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
      this.#announce = true;
      this.#again = true;
      return;
    }
    if (error instanceof HistoryLost) {
      logger.warn({ workspace: workspace.id }, error.message);
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
    if (this.#failures > LASTING_FAILURES) this.#trouble.begin();
    if (this.#failures >= LASTING_FAILURES) void this.#options.yieldLead();
  }

  #endTerm(): void {
    this.#trouble.forget();
    this.#commits.endTerm();
    this.#swaps.drop();
  }

  /** Forgets everything and builds the memory again, up to what is applied. */
  async #rebuild(): Promise<void> {
    const { db, workspace } = this.#options;
    this.#endTerm();
    this.#steps.reset();
    // A snapshot does not know a setting that changes the past, and one that fails again and again is not trusted.
    const trusted = !this.#announce && this.#failures < DISTRUST_FAILURES;
    const reading: Reading = { after: 0, effects: [], decisions: [], foldMs: 0 };
    const memory = trusted ? await this.#snapshots.load() : null;
    const { applied } = await readProgress(db.sql, workspace.id);
    if (memory === null) await this.#readWholeLog(applied, reading);
    else {
      this.knowledge.replace(memory, true);
      reading.after = memory.space.position;
      await this.#catchUp(applied, reading);
    }
    this.#reading = reading;
    this.#readFrom = memory === null ? 'log' : 'snapshot';
    this.#commits.markOnly(trackedPatterns(this.#memory().image).map(({ index }) => index));
    this.#built = true;
    this.#builds += 1;
    this.#settleReaders(null);
    this.#settleWaiters();
  }

  async #readWholeLog(applied: number, reading: Reading): Promise<void> {
    const { db, workspace, cube } = this.#options;
    this.#snapshots.forget();
    const settings = await readSettings(db.sql, workspace.id, 0);
    const empty = emptyMemory(
      cube,
      settings.map(({ entry }) => entry),
    );
    const { memory } = await readLog(
      {
        sql: db.sql,
        workspaceId: workspace.id,
        steps: this.#steps,
        pace: FIRST_READING,
        check: () => this.#throwIfStopped(),
        onStep: (folded) => note(reading, folded),
      },
      { ...empty, end: endAfter(NO_END, undefined, settings.at(-1)) },
      applied,
    );
    this.knowledge.replace(memory, true);
  }

  /** Takes over what the leader has applied, and every setting in force there. */
  async #follow(): Promise<void> {
    const { db, workspace } = this.#options;
    const progress = await readProgress(db.sql, workspace.id);
    await this.#throwIfLost();
    await this.#catchUp(progress.applied);
    const waiting = await readWaiting(db.sql, workspace.id);
    this.knowledge.setWaiting(waiting.count + progress.placed - progress.applied, waiting.oldest);
  }

  /** `reading`: notes what it finds, at low priority; null: somebody has written that. */
  async #catchUp(applied: number, reading: Reading | null = null): Promise<void> {
    const { db, workspace } = this.#options;
    const fresh = await readSettings(db.sql, workspace.id, this.#memory().settingsSeen);
    const priority = reading === null ? 'live' : 'background';
    for (;;) {
      this.#throwIfStopped();
      const after = this.knowledge.asOf;
      const through = Math.min(applied, after + LONG_BATCH);
      const settings = takeDue(fresh, through);
      if (through <= after && settings.length === 0) return;
      const entries = through > after ? await readEntries(db.sql, workspace.id, after, through) : [];
      const folded = await this.#steps.fold(this.#memory(), { entries, settings, priority });
      if (reading === null) this.#reading = null;
      else note(reading, folded);
      // What a former leader has not written is older than this memory, should this instance lead.
      this.#commits.mark(folded.touched);
      this.#replace(folded);
    }
  }

  async #lead(): Promise<void> {
    const { db, workspace } = this.#options;
    if (!this.leading) {
      const term = await this.#commits.takeTerm();
      await this.#throwIfLost();
      await this.#catchUp(term.applied);
      await this.#retireOthers(term.term);
      this.#commits.lead(term);
      this.#swaps.request();
      if (this.#reading !== null) await this.#writeReading(this.#reading);
      this.#snapshots.applied([]);
    }
    if (this.#announce) {
      await this.#applyBatch([], []);
      this.#announce = false;
    }
    let limit = BATCH;
    while (!this.#stopped && (await this.#options.tryLead())) {
      const { progress } = this.#commits;
      if (progress === null) return;
      if (progress.placed === progress.applied) {
        const settings = await readWaitingSettings(db.sql, workspace.id, progress);
        if (settings.length > 0) {
          await this.#applySettings(settings, progress);
          continue;
        }
      }
      const entries = await this.#take(progress, limit);
      if (entries.length === 0) {
        this.knowledge.setWaiting(0, null);
        return;
      }
      const full = entries.length >= limit;
      const rest = full ? await readWaiting(db.sql, workspace.id) : NOTHING;
      this.knowledge.setWaiting(rest.count + entries.length, earliest(entries, rest.oldest));
      limit = rest.count > LONG_QUEUE ? LONG_BATCH : BATCH;
      await this.#applyBatch(entries, [], rest);
      // Looking for nothing costs as much as a batch; who records rings, and the poll finds what rang in vain.
      if (!full && !this.#again) return;
      this.#again = false;
    }
  }

  /** A log read anew may track other patterns than those whose rows are there. */
  async #retireOthers(term: number): Promise<void> {
    const { db, workspace } = this.#options;
    const position = this.knowledge.asOf;
    const tracked = this.knowledge.trackedIds();
    await retireOthers(db.sql, workspace.id, { term, position, tracked });
  }

  /**
   * Writes what building the memory has found and the database does not say, as after a setting that changes the past;
   * nothing where an earlier leader has found the same. So it is written once, whoever dies when.
   */
  async #writeReading(reading: Reading): Promise<void> {
    const { db, workspace } = this.#options;
    const memory = this.#memory();
    const stored = await readSettings(db.sql, workspace.id, 0);
    await this.#write({
      memory,
      decisions: reading.decisions.filter((decision) => !stored.some(isSame(decision))),
      history: this.knowledge.historyOf(reading),
    });
    this.#reading = null;
  }

  /** Applies settings together with their places; what changes the past by itself, since a refold follows. */
  async #applySettings(settings: readonly WaitingSetting[], progress: FoldProgress): Promise<void> {
    try {
      await this.#applyBatch([], settings);
    } catch (thrown) {
      if (!(thrown instanceof RefoldNeeded)) throw thrown;
      const { ordinal } = thrown.because;
      const before = settings.filter(({ entry }) => entry.ordinal < ordinal);
      if (before.length > 0) return this.#applySettings(before, progress);
      const [first] = settings;
      if (first === undefined) throw thrown;
      const { db, workspace } = this.#options;
      await placeSetting(db.sql, workspace.id, progress, first);
      throw thrown;
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
    if (entries.length > 0) this.#commits.placed(progress.placed + entries.length);
    return entries;
  }

  /** Folds, commits and publishes one batch. `rest`: what still waits behind it. */
  async #applyBatch(
    entries: PlacedEntry[],
    settings: readonly WaitingSetting[],
    rest: Rest = NOTHING,
  ): Promise<void> {
    const folded = await this.#steps.fold(this.#memory(), { entries, settings, priority: 'live' });
    const { memory, touched, effects, evicted, foldMs } = folded;
    this.#commits.mark(touched);
    const batch = { memory, touched, effects, evicted, foldMs, counted: countedIn(entries), rest };
    const events = await this.knowledge.eventsFor(batch);
    const history = this.knowledge.historyFor(batch);
    await this.#write({
      memory,
      settings,
      decisions: folded.decisions,
      events,
      former: this.knowledge.formerRows(batch),
      history,
    });
    this.#replace(folded);
    this.knowledge.setWaiting(rest.count, rest.oldest);
    this.#options.ringFeed();
    this.#swaps.applied(settings, foldMs);
    if (entries.some(({ kind }) => kind === 'retract')) this.#swaps.request();
  }

  #write(commit: Commit): Promise<void> {
    return this.#commits.write(commit, this.#stopped);
  }

  async #storeSwap(swap: NextSwap): Promise<void> {
    const { progress } = this.#commits;
    if (progress === null) throw new LostTermError('This instance does not lead the workspace any more.');
    await storeSwap(this.#options.db.sql, this.#options.workspace.id, progress.term, swap);
    this.wake();
  }

  async #tellTheTime(): Promise<void> {
    const { events, told } = await this.knowledge.timeEvents();
    if (events.length === 0) return;
    await this.#write({ memory: this.#memory(), events });
    told();
    this.#options.ringFeed();
  }

  /** A write beside the batches; a failure ends the term, and the next run finds out why. */
  async #guarded(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (thrown) {
      this.#endTerm();
      this.#again = true;
      this.#options.logger.warn({ err: coerceError(thrown) }, 'figures were not written');
    }
  }

  #replace({ memory, parts }: Folded): void {
    this.knowledge.replace(memory, false);
    this.#snapshots.applied(parts);
    this.#settleWaiters();
  }

  #settleWaiters(): void {
    for (const waiter of [...this.#waiters]) if (waiter.position <= this.knowledge.asOf) waiter.resolve();
  }

  /** The memory is carried on, and lists are answered from it, only where the database has all of it. */
  async #throwIfLost(): Promise<void> {
    const { db, workspace } = this.#options;
    if (await isOfThisHistory(db.sql, workspace.id, this.#memory())) return;
    throw new HistoryLost();
  }

  #throwIfStopped(): void {
    if (this.#stopped) throw new Stopping('The server stops.');
  }
}

const NOTHING: Rest = { count: 0, oldest: null };

function isSame(decision: StoredDecision) {
  const attributeOf = (payload: object) => ('attribute' in payload ? payload.attribute : null);
  return ({ entry }: StoredSetting) =>
    entry.kind === decision.kind &&
    entry.effectiveAfter === decision.effectiveAfter &&
    attributeOf(entry.payload) === attributeOf(decision.payload);
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
