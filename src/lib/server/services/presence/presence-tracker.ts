import type { App, ReadingListener } from '../../app.ts';
import type { TransactionSql } from '../../db/client.ts';
import { jsonText } from '../../db/json-text.ts';
import { withTransaction } from '../../db/with-transaction.ts';
import { coerceError } from '../../errors.ts';
import { within } from '../../event-log/index.ts';
import { logger } from '../../logger.ts';
import { Connections, livedAt, type Connection } from './connections.ts';
import { lockPresence, tellChanges } from './tell-changes.ts';

/**
 * In milliseconds. A row is gone within 30 s of the closing of its connection: `graceMs` + `turnMs` = 22 s if its instance
 * lives. If it died, the row's last sign of life is no later than the closing, and another instance finds it too old at
 * `staleMs` + `beatMs` + `turnMs` = 29 s. Who comes back at the end of the grace has a new sign of life after 22 s, which
 * is before `staleMs`.
 */
export interface PresenceTimings {
  /** Between two looks at what has changed. */
  turnMs: number;
  /**
   * How long a closed connection still counts, so that a reload is no leave; longer than a client waits between polls, and
   * than a goaway sends it away before it is to come back (`too-many`: 20 s).
   */
  graceMs: number;
  /** Between two signs of life of the rows, each with a look for rows that have none. */
  beatMs: number;
  /** Age of the last sign of life at which a row is nobody's any more; more than `graceMs` + `turnMs`. */
  staleMs: number;
  /** After which a transaction is given up and made again; longer than another may hold the lock. */
  deadlineMs: number;
}

const TIMINGS: PresenceTimings = {
  turnMs: 1_000,
  graceMs: 21_000,
  beatMs: 4_000,
  staleMs: 24_000,
  deadlineMs: 8_000,
};
/** What a stop waits for at most, in milliseconds: the process has little time to end. */
const STOP_DEADLINE_MS = 2_000;

export interface PresenceTracker extends ReadingListener {
  start(): void;
  /** Leaves the rows to the others, for whose sweep they are fresh: the readers go on there, and have not left. */
  stop(): Promise<void>;
}

/**
 * Keeps the rows of `presence` for the people who read the feed at this instance, removes those of instances that died,
 * and tells who came and went. Readers only leave a note; about each second a few statements do the rest, however many
 * came and went.
 *
 * Ages of rows are by the database's clock. When that steps on, nothing is removed until all instances have given a new
 * sign of life. When it steps back, rows of instances that died stay for that much longer.
 */
export function createPresenceTracker(
  app: Pick<App, 'db' | 'doorbell' | 'instance'>,
  timings: Partial<PresenceTimings> = {},
): PresenceTracker {
  const { turnMs, graceMs, beatMs, staleMs, deadlineMs } = { ...TIMINGS, ...timings };
  const connections = new Connections();
  /** Ids that are to be deleted, until that has been done. */
  const ended = new Set<string>();
  let beatAt = 0;
  /** The last beat, by both clocks. */
  let beaten = { here: Number.NEGATIVE_INFINITY, there: 0 };
  /** Until then nothing counts as too old. */
  let mercyUntil = 0;
  let timer: NodeJS.Timeout | null = null;
  let turning: Promise<void> = Promise.resolve();
  let failing = false;
  let stopped = true;

  async function settle(now: number, isLast: boolean): Promise<void> {
    for (const { id } of connections.takeEnded(now - graceMs)) ended.add(id);
    const all = connections.all();
    const beats = isLast || now >= beatAt;
    // New, or back after a while and not to be taken for gone until the next beat.
    const due = beats ? all : all.filter((one) => livedAt(one, now) - one.writtenAt > 3 * beatMs);
    if (!beats && due.length === 0 && ended.size === 0) return;

    const gone = [...ended];
    const write = withTransaction(app.db.sql, async (tx) => {
      const clock = await lockPresence(tx);
      const seen = { here: performance.now(), there: clock.getTime() };
      if (gone.length > 0) await tx`delete from presence where connection_id = any(${gone}::uuid[])`;
      await giveSigns(tx, due, clock, now);
      if (beats && mayForget(seen)) await forgetStale(tx, clock);
      return { told: await tellChanges(tx), seen };
    });
    // A connection that went dark would be waited for until TCP gives up. All of this may be done twice.
    const { told, seen } = await within(deadlineMs, write);
    if (told > 0) app.doorbell.ringFeed();

    for (const id of gone) ended.delete(id);
    for (const connection of due) connection.writtenAt = livedAt(connection, now);
    if (beats) {
      beatAt = now + beatMs;
      beaten = seen;
    }
  }

  /**
   * After a time without the database, or a step of its clock, the signs of life of all look old: first every instance is
   * to give one.
   */
  function mayForget(seen: { here: number; there: number }): boolean {
    const elapsed = seen.here - beaten.here;
    const isEven = elapsed < 3 * beatMs && seen.there - beaten.there - elapsed < staleMs / 4;
    if (!isEven) mercyUntil = seen.here + 3 * beatMs;
    return seen.here >= mercyUntil;
  }

  async function forgetStale(tx: TransactionSql, clock: Date): Promise<void> {
    await tx`delete from presence where beat_at < ${clock}::timestamptz - make_interval(secs => ${staleMs / 1_000})`;
  }

  /**
   * Also for rows that others took away, having taken this instance for dead. The last sign of life of one that closed is
   * its closing, so that its row ends in time also if this instance does not live to delete it. Whose membership has ended
   * gets none.
   */
  async function giveSigns(
    tx: TransactionSql,
    due: readonly Connection[],
    clock: Date,
    now: number,
  ): Promise<void> {
    if (due.length === 0) return;
    const rows = due.map((one) => ({
      id: one.id,
      workspaceId: one.workspaceId,
      userId: one.userId,
      transport: one.transport,
      age: (now - livedAt(one, now)) / 1_000,
    }));
    await tx`
      insert into presence (connection_id, workspace_id, user_id, instance_id, transport, beat_at)
      select r.id, r."workspaceId", r."userId", ${app.instance}::text, r.transport,
        ${clock}::timestamptz - make_interval(secs => r.age)
      from json_to_recordset(${jsonText(rows)}::json)
        as r (id uuid, "workspaceId" uuid, "userId" uuid, transport text, age float8)
      join memberships m on m.workspace_id = r."workspaceId" and m.user_id = r."userId"
      on conflict (connection_id) do update set beat_at = excluded.beat_at`;
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
      const last = turning.then(() => settleSafely(true));
      await within(STOP_DEADLINE_MS, last).catch((thrown: unknown) => {
        logger.warn({ err: coerceError(thrown) }, 'who is here was not handed over');
      });
    },
  };
}
