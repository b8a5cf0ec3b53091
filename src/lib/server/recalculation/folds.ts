import type { Database, Sql, TransactionSql } from '../db/client.ts';
import type { Doorbell, Folds } from '../app.ts';
import type { Env } from '../env.ts';
import { AppError, coerceError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { FoldChecks } from './fold-checks.ts';
import type { FoldPool } from './fold-pool.ts';
import { NO_END } from './fold-memory.ts';
import { Leadership } from './leadership.ts';
import { readApplied } from './log-store.ts';
import { WorkspaceFold } from './workspace-fold.ts';

/** Ceiling for idle wake-ups; doorbells make it faster (FINE-PRINT 9). */
const POLL_MS = 250;
/** How often followers look for what the leader applied and try to lead, when no doorbell told them. */
const BEAT_MS = 1_000;
/** Followers told by the doorbell look at most this often: what they hold serves pages, not streams. */
const FOLLOW_MS = 100;
/** For figures that only time changes. */
const TICK_MS = 5_000;

const NOTHING_FOLDED = { space: { position: 0 }, end: NO_END };

export interface FoldsOptions {
  db: Database;
  pool: FoldPool;
  doorbell: Doorbell;
  logger: Logger;
  env: Env;
  instance: string;
  now: () => number;
}

/** The folds of every workspace this instance serves: made when first asked for, or when entries wait. */
export class WorkspaceFolds implements Folds {
  readonly #options: FoldsOptions;
  readonly #folds = new Map<string, Promise<WorkspaceFold>>();
  readonly #ready = new Map<string, WorkspaceFold>();
  readonly #leadership: Leadership;
  readonly #checks: FoldChecks;
  readonly #unsubscribe: (() => void)[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #follow: NodeJS.Timeout | null = null;
  #looking = false;
  #stopped = false;

  constructor(options: FoldsOptions) {
    this.#options = options;
    this.#leadership = new Leadership({
      url: options.db.url,
      logger: options.logger,
      onLost: (workspaceId) => this.#ready.get(workspaceId)?.loseLeadership(),
    });
    const { db, pool, logger, now, doorbell } = options;
    this.#checks = new FoldChecks({
      db,
      pool,
      logger,
      now,
      led: () => [...this.#ready].flatMap(([id, fold]) => (fold.leading ? [id] : [])),
      snapshot: async (workspaceId) => this.#ready.get(workspaceId)?.snapshot(),
      ringFeed: () => doorbell.ringFeed(),
    });
  }

  start(): void {
    const { doorbell } = this.#options;
    this.#unsubscribe.push(
      doorbell.onLog((workspaceId) => this.#wake(workspaceId)),
      doorbell.onSequenced(() => this.#followSoon()),
    );
    this.#timers.push(
      setInterval(() => void this.#look(), POLL_MS).unref(),
      setInterval(() => void this.#beat(), BEAT_MS).unref(),
      setInterval(() => this.#tick(), TICK_MS).unref(),
    );
    void this.#beat();
    this.#checks.start();
  }

  async of(workspaceId: string) {
    const fold = await this.#get(workspaceId);
    try {
      await fold.ready();
    } catch (thrown) {
      throw new AppError('UNAVAILABLE', 'The figures of this workspace cannot be read right now.', {
        cause: thrown,
        retryAfterSeconds: 2,
      });
    }
    return fold.knowledge;
  }

  async readApplied(sql: Sql | TransactionSql, workspaceId: string): Promise<number> {
    const fold = this.#ready.get(workspaceId);
    if (fold !== undefined) return fold.readApplied(sql);
    return (await readApplied(sql, workspaceId, NOTHING_FOLDED)).applied;
  }

  async waitFor(workspaceId: string, position: number, deadlineMs: number): Promise<boolean> {
    return (await this.#get(workspaceId)).waitFor(position, deadlineMs);
  }

  health() {
    return [...this.#ready].map(([workspaceId, fold]) => ({
      workspaceId,
      applied: fold.knowledge.asOf,
      leading: fold.leading,
      error: fold.error?.message ?? null,
    }));
  }

  check(workspaceId: string, requestedBy: string): Promise<{ id: string } | null> {
    return this.#checks.begin(workspaceId, requestedBy);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#follow !== null) clearTimeout(this.#follow);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#checks.stop();
    await Promise.all([...this.#ready.values()].map((fold) => fold.stop()));
    await this.#leadership.stop();
  }

  #get(workspaceId: string): Promise<WorkspaceFold> {
    let fold = this.#folds.get(workspaceId);
    if (fold === undefined) {
      fold = this.#make(workspaceId);
      this.#folds.set(workspaceId, fold);
      // A workspace that could not be read is tried again when next asked for.
      fold.catch(() => this.#folds.delete(workspaceId));
    }
    return fold;
  }

  async #make(workspaceId: string): Promise<WorkspaceFold> {
    const { db, pool, logger, env, instance, now, doorbell } = this.#options;
    const [workspace] = await db.sql<{ id: string; timezone: string }[]>`
      select id, timezone from workspaces where id = ${workspaceId}`;
    if (workspace === undefined) throw new AppError('NOT_FOUND', 'There is no such workspace.');
    const fold = new WorkspaceFold({
      workspace,
      db,
      pool,
      logger,
      instance,
      cube: { trackedCap: env.TELLTALE_TRACKED, cellLimit: env.TELLTALE_CUBE_CELLS },
      now,
      tryLead: () => this.#leadership.tryLead(workspaceId),
      holdsLead: () => this.#leadership.holds(workspaceId),
      yieldLead: () => this.#leadership.yieldLead(workspaceId),
      ringFeed: () => doorbell.ringFeed(),
    });
    this.#ready.set(workspaceId, fold);
    if (!this.#stopped) fold.wake();
    return fold;
  }

  #wake(workspaceId: string): void {
    if (this.#stopped) return;
    const ready = this.#ready.get(workspaceId);
    if (ready !== undefined) ready.wake();
    else this.#get(workspaceId).catch((thrown: unknown) => this.#warn(thrown));
  }

  /** The truth behind the doorbell: which workspaces have work that no leader has done yet. */
  async #look(): Promise<void> {
    if (this.#looking || this.#stopped) return;
    this.#looking = true;
    try {
      const waiting = await this.#options.db.sql<{ workspace_id: string }[]>`
        select distinct workspace_id from log_entries where position is null
        union
        select distinct workspace_id from setting_entries where effective_after is null
        union
        select workspace_id from fold_state where placed > applied`;
      for (const { workspace_id: id } of waiting) this.#wake(id);
    } catch (thrown) {
      this.#warn(thrown);
    } finally {
      this.#looking = false;
    }
  }

  #followSoon(): void {
    if (this.#stopped) return;
    this.#follow ??= setTimeout(() => {
      this.#follow = null;
      void this.#wakeMoved();
    }, FOLLOW_MS).unref();
  }

  /** One look for all: wakes the followers that are not where their leader is: behind, or of a history that was lost. */
  async #wakeMoved(): Promise<void> {
    if ([...this.#ready.values()].every((fold) => fold.leading)) return;
    try {
      const rows = await this.#options.db.sql<{ workspace_id: string; applied: number }[]>`
        select workspace_id, applied from fold_state`;
      for (const { workspace_id: id, applied } of rows) {
        const fold = this.#ready.get(id);
        if (fold !== undefined && !fold.leading && fold.knowledge.asOf !== applied) fold.wake();
      }
    } catch (thrown) {
      this.#warn(thrown);
    }
  }

  /** Serves every workspace there is, so that takeover is warm, and lets followers try to lead. */
  async #beat(): Promise<void> {
    if (this.#stopped) return;
    try {
      const rows = await this.#options.db.sql<{ id: string; timezone: string }[]>`
        select id, timezone from workspaces order by created_at`;
      for (const { id, timezone } of rows) {
        const fold = this.#ready.get(id);
        if (fold === undefined) this.#wake(id);
        else {
          fold.setTimezone(timezone);
          if (!fold.leading) fold.wake();
        }
      }
    } catch (thrown) {
      this.#warn(thrown);
    }
  }

  #tick(): void {
    for (const fold of this.#ready.values()) fold.tick();
  }

  #warn(thrown: unknown): void {
    if (this.#stopped) return;
    this.#options.logger.warn({ err: coerceError(thrown) }, 'the folds could not look for work');
  }
}
