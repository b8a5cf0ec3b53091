import type { App, ReadingListener } from '../../app.ts';
import type { TransactionSql } from '../../db/client.ts';
import { jsonText } from '../../db/json-text.ts';
import { withTransaction } from '../../db/with-transaction.ts';
import { coerceError } from '../../errors.ts';
import { logger } from '../../logger.ts';
import { Connections, type Connection } from './connections.ts';
import { lockPresence, tellChanges } from './tell-changes.ts';

/** In milliseconds. A row is gone `graceMs` after its connection closed, at the latest `staleMs` + `sweepMs`. */
export interface PresenceTimings {
  /** Between two looks at what has changed. */
  turnMs: number;
  /** How long a closed connection still counts, so that a reload is no leave; longer than a client waits between polls. */
  graceMs: number;
  /** Between two signs of life of the rows. */
  beatMs: number;
  /** Age of the last sign of life at which a row is nobody's any more; more than two beats. */
  staleMs: number;
  /** Between two looks for such rows. */
  sweepMs: number;
}

const TIMINGS: PresenceTimings = {
  turnMs: 1_000,
  graceMs: 12_000,
  beatMs: 10_000,
  staleMs: 24_000,
  sweepMs: 4_000,
};

export interface PresenceTracker extends ReadingListener {
  start(): void;
  /** Leaves the rows to the others, for whose sweep they are fresh: the readers go on there, and have not left. */
  stop(): Promise<void>;
}

/**
 * Keeps the rows of `presence` for the people who read the feed at this instance, removes those of instances that died,
 * and tells who came and went. Readers only leave a note; about each second a few statements do the rest, however many
 * came and went.
 */
export function createPresenceTracker(
  app: Pick<App, 'db' | 'doorbell' | 'instance'>,
  timings: Partial<PresenceTimings> = {},
): PresenceTracker {
  const { turnMs, graceMs, beatMs, staleMs, sweepMs } = { ...TIMINGS, ...timings };
  const connections = new Connections();
  /** Ids that are to be deleted, until that has been done. */
  const ended = new Set<string>();
  let beatAt = 0;
  let sweepAt = 0;
  let sweptAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | null = null;
  let turning: Promise<void> = Promise.resolve();
  let failing = false;
  let stopped = true;

  async function settle(now: number, isLast = false): Promise<void> {
    for (const { id } of connections.takeEnded(now - graceMs)) ended.add(id);
    const all = connections.all();
    const fresh = all.filter(({ written }) => !written);
    const beats = isLast || now >= beatAt;
    const sweeps = now >= sweepAt;
    if (!beats && !sweeps && fresh.length === 0 && ended.size === 0) return;

    const kept = all.filter(({ written }) => written);
    const gone = [...ended];
    // After a time without the database nobody has a sign of life: first all are to give one.
    const mayForget = sweeps && now - sweptAt < 3 * sweepMs;
    const told = await withTransaction(app.db.sql, async (tx) => {
      await lockPresence(tx);
      const isWhole = !beats || (await beat(tx, kept, now)) === kept.length;
      if (gone.length > 0) await tx`delete from presence where connection_id = any(${gone}::uuid[])`;
      if (mayForget) await forgetStale(tx);
      // Others may have taken this instance for dead.
      await insert(tx, isWhole ? fresh : all);
      return tellChanges(tx);
    });
    if (told > 0) app.doorbell.ringFeed();

    for (const id of gone) ended.delete(id);
    for (const connection of fresh) connection.written = true;
    if (beats) beatAt = now + beatMs;
    if (sweeps) {
      sweptAt = now;
      sweepAt = now + sweepMs;
    }
  }

  /**
   * The last sign of life of one that closed is its closing, so that its row ends in time also if this instance does not
   * live to delete it. @returns how many rows there are
   */
  async function beat(tx: TransactionSql, kept: readonly Connection[], now: number): Promise<number> {
    if (kept.length === 0) return 0;
    const rows = kept.map(({ id, open, closedAt }) => ({ id, age: open > 0 ? 0 : (now - closedAt) / 1_000 }));
    const { count } = await tx`
      update presence p set beat_at = now() - make_interval(secs => r.age)
      from json_to_recordset(${jsonText(rows)}::json) as r (id uuid, age float8)
      where p.connection_id = r.id`;
    return count;
  }

  async function forgetStale(tx: TransactionSql): Promise<void> {
    await tx`delete from presence where beat_at < now() - make_interval(secs => ${staleMs / 1_000})`;
  }

  /** Whose membership has ended meanwhile is left out. */
  async function insert(tx: TransactionSql, fresh: readonly Connection[]): Promise<void> {
    if (fresh.length === 0) return;
    const rows = fresh.map(({ id, workspaceId, userId, transport }) => ({
      id,
      workspaceId,
      userId,
      transport,
    }));
    await tx`
      insert into presence (connection_id, workspace_id, user_id, instance_id, transport)
      select r.id, r."workspaceId", r."userId", ${app.instance}::text, r.transport
      from json_to_recordset(${jsonText(rows)}::json)
        as r (id uuid, "workspaceId" uuid, "userId" uuid, transport text)
      join memberships m on m.workspace_id = r."workspaceId" and m.user_id = r."userId"
      on conflict (connection_id) do nothing`;
  }

  async function settleSafely(isLast = false): Promise<void> {
    try {
      await settle(performance.now(), isLast);
      failing = false;
    } catch (thrown) {
      if (!failing) logger.warn({ err: coerceError(thrown) }, 'who is here cannot be written');
      failing = true;
    }
  }

  function nextTurn(): void {
    timer = setTimeout(() => {
      turning = settleSafely().then(() => {
        if (!stopped) nextTurn();
      });
    }, turnMs);
    timer.unref();
  }

  return {
    opened: (reading, transport) => connections.opened(reading, transport),
    closed: (reading) => connections.closed(reading, performance.now()),
    start() {
      stopped = false;
      nextTurn();
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await turning;
      await settleSafely(true);
    },
  };
}
