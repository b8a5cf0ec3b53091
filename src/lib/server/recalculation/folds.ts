import type { Database } from '../db/client.ts';
import type { Doorbell, Folds } from '../app.ts';
import type { Env } from '../env.ts';
import { AppError, coerceError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { FoldPool } from './fold-pool.ts';
import { Leadership } from './leadership.ts';
import { WorkspaceFold } from './workspace-fold.ts';

/** Ceiling for idle wake-ups; doorbells make it faster (FINE-PRINT 9). */
const POLL_MS = 250;
/** How often a follower looks for what the leader applied, when no doorbell told it. */
const FOLLOW_MS = 1_000;

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
  readonly #unsubscribe: (() => void)[] = [];
  #poll: NodeJS.Timeout | null = null;
  #polling = false;
  #followedAt = 0;
  #stopped = false;

  constructor(options: FoldsOptions) {
    this.#options = options;
    this.#leadership = new Leadership({
      url: options.db.url,
      logger: options.logger,
      onLost: (workspaceId) => this.#ready.get(workspaceId)?.loseLeadership(),
    });
  }

  start(): void {
    const { doorbell } = this.#options;
    this.#unsubscribe.push(
      doorbell.onLog((workspaceId) => this.#wake(workspaceId)),
      doorbell.onSequenced(() => this.#wakeFollowers()),
    );
    this.#poll = setInterval(() => void this.#look(), POLL_MS).unref();
    void this.#warm();
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

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#poll !== null) clearInterval(this.#poll);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
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

  #wakeFollowers(): void {
    this.#followedAt = this.#options.now();
    for (const fold of this.#ready.values()) if (!fold.leading) fold.wake();
  }

  /** The truth behind the doorbell: which workspaces have entries or settings without a place. */
  async #look(): Promise<void> {
    if (this.#polling || this.#stopped) return;
    this.#polling = true;
    try {
      const waiting = await this.#options.db.sql<{ workspace_id: string }[]>`
        select distinct workspace_id from log_entries where position is null
        union
        select distinct workspace_id from setting_entries where effective_after is null`;
      for (const { workspace_id: id } of waiting) this.#wake(id);
      if (this.#options.now() - this.#followedAt >= FOLLOW_MS) {
        this.#wakeFollowers();
        await this.#readZones();
      }
    } catch (thrown) {
      this.#warn(thrown);
    } finally {
      this.#polling = false;
    }
  }

  /** A workspace's time zone can be changed in its settings; entries placed from then on have days in the new one. */
  async #readZones(): Promise<void> {
    const rows = await this.#options.db.sql<
      { id: string; timezone: string }[]
    >`select id, timezone from workspaces`;
    for (const { id, timezone } of rows) this.#ready.get(id)?.setTimezone(timezone);
  }

  /** Reads every workspace's log once at start, so that the first page need not wait for it. */
  async #warm(): Promise<void> {
    try {
      const rows = await this.#options.db.sql<
        { id: string }[]
      >`select id from workspaces order by created_at`;
      for (const { id } of rows) if (!this.#stopped) await (await this.#get(id)).ready();
    } catch (thrown) {
      this.#warn(thrown);
    }
  }

  #warn(thrown: unknown): void {
    if (this.#stopped) return;
    this.#options.logger.warn({ err: coerceError(thrown) }, 'the folds could not look for work');
  }
}
