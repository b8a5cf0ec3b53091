import postgres from 'postgres';
import { connectionOptions, type Sql, type TransactionSql } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** First key of the advisory locks of workspaces; the second is a hash of the workspace's id. */
const LOCK_CLASS = 7_411_002;
const PROBE_MS = 2_000;
const SESSION_SILENCE_MS = 8_000;

/** Whether no instance leads the workspace; if so, none begins to before the transaction ends. */
export async function isUnled(tx: TransactionSql, workspaceId: string): Promise<boolean> {
  const [row] = await tx<{ taken: boolean }[]>`
    select pg_try_advisory_xact_lock(${LOCK_CLASS}, hashtext(${workspaceId})) as taken`;
  return row?.taken === true;
}

/**
 * Which workspaces this instance leads. Locks live on one connection of their own: when it dies, Postgres frees them
 * and another instance takes over. Holding the lock is only a hint; writes are guarded by the term in `fold_state`.
 */
export class Leadership {
  readonly #url: string;
  readonly #logger: Logger;
  #connection: Sql | null = null;
  #held = new Set<string>();
  #probe: NodeJS.Timeout | null = null;
  #stopped = false;
  readonly #onLost: (workspaceId: string) => void;

  constructor(options: { url: string; logger: Logger; onLost: (workspaceId: string) => void }) {
    this.#url = options.url;
    this.#logger = options.logger;
    this.#onLost = options.onLost;
  }

  /** Tries to take the lock of a workspace; true when this instance holds it. */
  async tryLead(workspaceId: string): Promise<boolean> {
    if (this.#held.has(workspaceId)) return true;
    if (this.#stopped) return false;
    try {
      const sql = this.#open();
      const [row] = await sql<{ taken: boolean }[]>`
        select pg_try_advisory_lock(${LOCK_CLASS}, hashtext(${workspaceId})) as taken`;
      if (row?.taken !== true) return false;
      this.#held.add(workspaceId);
      return true;
    } catch (thrown) {
      this.#logger.warn({ err: coerceError(thrown) }, 'leadership could not be asked for');
      this.#drop();
      return false;
    }
  }

  /** Lets another instance lead the workspace, until this one tries again. */
  async yieldLead(workspaceId: string): Promise<void> {
    const sql = this.#connection;
    if (!this.#held.delete(workspaceId) || sql === null) return;
    try {
      await sql`select pg_advisory_unlock(${LOCK_CLASS}, hashtext(${workspaceId}))`;
    } catch (thrown) {
      this.#logger.warn({ err: coerceError(thrown) }, 'leadership could not be given up');
      this.#drop();
    }
  }

  holds(workspaceId: string): boolean {
    return this.#held.has(workspaceId);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const connection = this.#connection;
    this.#connection = null;
    this.#held.clear();
    if (this.#probe !== null) clearInterval(this.#probe);
    await connection?.end({ timeout: 2 });
  }

  #open(): Sql {
    if (this.#connection !== null) return this.#connection;
    const sql: Sql = postgres(this.#url, {
      ...connectionOptions,
      connection: {
        application_name: 'telltale leadership',
        // A leader that is frozen, or whose host went dark, must not keep its locks: the probe speaks every 2 s.
        idle_session_timeout: SESSION_SILENCE_MS,
        tcp_keepalives_idle: 5,
        tcp_keepalives_interval: 2,
        tcp_keepalives_count: 3,
      },
      max: 1,
      idle_timeout: 0,
      max_lifetime: null,
      keep_alive: 5,
      connect_timeout: 5,
      fetch_types: false,
      // A new connection does not hold the old one's locks.
      onclose: () => {
        if (this.#connection === sql) this.#drop();
      },
    } as unknown as postgres.Options<Record<string, postgres.PostgresType>>) as unknown as Sql;
    this.#connection = sql;
    this.#probe ??= setInterval(() => void this.#check(), PROBE_MS).unref();
    return sql;
  }

  async #check(): Promise<void> {
    const sql = this.#connection;
    if (sql === null) return;
    const timeout = setTimeout(() => this.#drop(), PROBE_MS).unref();
    try {
      await sql`select 1`;
    } catch (thrown) {
      this.#logger.warn({ err: coerceError(thrown) }, 'the leadership connection failed');
      this.#drop();
    } finally {
      clearTimeout(timeout);
    }
  }

  #drop(): void {
    const sql = this.#connection;
    this.#connection = null;
    const lost = [...this.#held];
    this.#held.clear();
    for (const workspaceId of lost) this.#onLost(workspaceId);
    sql?.end({ timeout: 0 }).catch((thrown: unknown) => {
      this.#logger.debug({ err: coerceError(thrown) }, 'closing the leadership connection');
    });
  }
}
