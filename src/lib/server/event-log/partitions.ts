import type { Database, TransactionSql } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import { logger } from '../logger.ts';

/** Any number; the same in every instance, so that only one changes partitions at a time. */
const PARTITION_LOCK = 7_411_010;
const DAYS_AHEAD = 2;
const HOUR_MS = 3_600_000;
const DEFAULT_RETENTION_DAYS = 7;

export interface PartitionKeeper {
  /** Makes what is missing now and keeps doing so every hour. @throws when the first pass fails */
  start(): Promise<void>;
  stop(): void;
}

interface Day {
  name: string;
  from: string;
  to: string;
}

const DAY_NAME = /^feed_outbox_([0-9]{8})$/;

/**
 * Brings the daily partitions of the outbox (days of UTC by the database's clock) to what should be: today and two
 * days more, nothing that ended longer ago than the retention. Safe to call from several instances at once.
 *
 * The default partition only catches what no day takes (an instance that could not keep the partitions, or a clock
 * that jumped), so that an event never fails the transaction which wrote it.
 */
export async function ensurePartitions(db: Database, retentionDays = DEFAULT_RETENTION_DAYS): Promise<void> {
  await db.sql.begin(async (tx) => {
    // Waiting longer for a table lock would make every writer wait behind us; the next hour tries again.
    await tx`set local lock_timeout = '3s'`;
    await tx`select pg_advisory_xact_lock(${PARTITION_LOCK})`;
    await tx`create table if not exists feed_outbox_default partition of feed_outbox default`;
    await indexPartition(tx, 'feed_outbox_default');
    const existing = await listPartitions(tx);
    for (const day of await wantedDays(tx)) {
      if (!existing.includes(day.name)) await createDay(tx, day);
    }
    await dropOld(tx, existing, retentionDays);
  });
}

async function listPartitions(tx: TransactionSql): Promise<string[]> {
  const rows = await tx<{ name: string }[]>`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'feed_outbox'::regclass`;
  return rows.map((row) => row.name);
}

async function wantedDays(tx: TransactionSql): Promise<Day[]> {
  return tx<Day[]>`
    select 'feed_outbox_' || to_char(day, 'YYYYMMDD') as name,
      to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00' as "from",
      to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00' as "to"
    from (select (now() at time zone 'utc')::date + ahead as day from generate_series(0, ${DAYS_AHEAD}::int) as ahead) as days`;
}

/** Uniqueness within a day; between days the single sequencer and the readers' gap check keep it. */
async function indexPartition(tx: TransactionSql, name: string): Promise<void> {
  await tx`create unique index if not exists ${tx(`${name}_seq`)} on ${tx(name)} (seq)`;
  await tx`
    create index if not exists ${tx(`${name}_topics`)} on ${tx(name)} (workspace_id, topic, seq) where seq is not null`;
}

/** Made apart and then attached: that takes no lock which writers of other days would wait for. */
async function createDay(tx: TransactionSql, day: Day): Promise<void> {
  const table = tx(day.name);
  await tx`create table ${table} (like feed_outbox including defaults)`;
  await indexPartition(tx, day.name);
  await tx`lock table feed_outbox_default in access exclusive mode`;
  await tx`
    with moved as (
      delete from feed_outbox_default where created_at >= ${day.from}::timestamptz and created_at < ${day.to}::timestamptz
      returning *
    ) insert into ${table} select * from moved`;
  // Bounds are part of the command's text, not parameters; they come from to_char above.
  await tx.unsafe(
    `alter table feed_outbox attach partition "${day.name}" for values from ('${day.from}') to ('${day.to}')`,
  );
}

/**
 * Drops days by whole tables. One that still holds an event without a place stays until it has one. Days go by the
 * time of writing and places by that of the commit, so the next day may hold lower places than the highest dropped: the
 * head remembers that one.
 */
async function dropOld(
  tx: TransactionSql,
  existing: readonly string[],
  retentionDays: number,
): Promise<void> {
  const [limit] = await tx<{ day: string }[]>`
    select to_char((now() at time zone 'utc')::date - ${Math.max(1, retentionDays)}::int, 'YYYYMMDD') as day`;
  let dropped = 0;
  for (const name of existing) {
    const day = DAY_NAME.exec(name)?.[1];
    if (limit === undefined || day === undefined || day >= limit.day) continue;
    const [waiting] = await tx`select 1 from ${tx(name)} where seq is null limit 1`;
    if (waiting !== undefined) continue;
    const [last] = await tx<{ seq: number | null }[]>`select max(seq) as seq from ${tx(name)}`;
    dropped = Math.max(dropped, last?.seq ?? 0);
    await tx`drop table ${tx(name)}`;
  }
  const [strays] = await tx<{ seq: number | null }[]>`
    with deleted as (
      delete from feed_outbox_default
      where seq is not null and created_at < now() - make_interval(days => ${Math.max(1, retentionDays)}::int)
      returning seq
    ) select max(seq) as seq from deleted`;
  dropped = Math.max(dropped, strays?.seq ?? 0);
  // Last, as the sequencer does: who holds this row waits for no table.
  if (dropped > 0)
    await tx`update feed_head set dropped = ${dropped} where id = 'feed' and dropped < ${dropped}`;
}

export function createPartitionKeeper(options: { db: Database; retentionDays?: number }): PartitionKeeper {
  let timer: NodeJS.Timeout | null = null;
  const pass = () => ensurePartitions(options.db, options.retentionDays);
  return {
    async start() {
      await pass();
      timer = setInterval(() => {
        pass().catch((thrown: unknown) => {
          logger.warn({ err: coerceError(thrown) }, 'partitions of the feed: next try in an hour');
        });
      }, HOUR_MS);
      timer.unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
  };
}
