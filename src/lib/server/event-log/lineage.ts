import type { Sql } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import { logger } from '../logger.ts';
import { newEpoch, type FeedHead } from './head.ts';

/** The role may not ask, or this PostgreSQL (as some that are hosted) does not have or allow the functions. */
const UNASKABLE = new Set(['42501', '42883', '0A000']);

/**
 * Names the history that the database is in: the cluster, the timeline (another after a failover or a restore to a
 * point in time) and the database (another after a restore from a dump). Null where that cannot be asked.
 */
async function readLineage(sql: Sql): Promise<string | null> {
  try {
    const [row] = await sql<{ lineage: string }[]>`
      select (select system_identifier from pg_control_system())
        || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
        || '/' || (select oid from pg_database where datname = current_database()) as lineage`;
    return row?.lineage ?? null;
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && UNASKABLE.has(String(thrown.code)))) throw thrown;
    logger.warn(
      { err: coerceError(thrown) },
      'the history of the database cannot be told: after a failover or a restore, run npm run epoch -- renew',
    );
    return null;
  }
}

/** Names the table that the head is in: another after a restore from a dump into the same database. */
async function readTable(sql: Sql): Promise<string | null> {
  const [row] = await sql<{ table: string }[]>`select 'feed_head'::regclass::oid::text as table`;
  return row?.table ?? null;
}

/** What is known here about the history of the database, beside what the database says of itself. */
export interface HistoryKnown {
  /** Names the folder that the database lies in; null where that is not known, which is no difference. */
  folder?: string | null;
  /** A place that was given: a database of the same epoch that has fewer has lost it. */
  seen?: FeedHead | null;
  lineageOf?: (sql: Sql) => Promise<string | null>;
}

/**
 * Begins a new epoch when the database goes on from a copy of itself: what was committed after the copy is lost, so
 * its places will be given a second time, and cursors of then must not be taken for cursors of now. Called by the
 * sequencer before it gives its first place, and by whoever sees fewer places than there were; no transaction may be
 * open. What is told here for the first time is kept, and begins no epoch. @returns whether a new epoch began
 */
export async function renewEpoch(
  sql: Sql,
  { folder = null, seen = null, lineageOf = readLineage }: HistoryKnown = {},
): Promise<boolean> {
  // Rows of `instance`, each compared by itself: not everybody knows all of them, and former versions knew only one.
  const marks = Object.entries({
    'feed lineage': await lineageOf(sql),
    'feed table': await readTable(sql),
    'feed folder': folder,
  }).flatMap(([key, value]) => (value === null ? [] : [{ key, value }]));
  const renewed = await sql.begin(async (tx) => {
    const [head] = await tx<FeedHead[]>`select epoch, seq from feed_head where id = 'feed' for update`;
    const known = await tx<{ key: string; value: string }[]>`
      select key, value #>> '{}' as value from instance where key in ${tx(marks.map(({ key }) => key))}`;
    const before = new Map(known.map(({ key, value }) => [key, value]));
    const others = marks.filter(({ key, value }) => before.get(key) !== value);
    for (const { key, value } of others) {
      await tx`
        insert into instance (key, value) values (${key}, to_jsonb(${value}::text))
        on conflict (key) do update set value = excluded.value, updated_at = now()`;
    }
    const fewer = head !== undefined && head.epoch === seen?.epoch && head.seq < seen.seq;
    if (!fewer && !others.some(({ key }) => before.has(key))) return false;
    await newEpoch(tx);
    return true;
  });
  if (renewed) logger.warn({ marks, seen }, 'the database goes on from a copy; the feed begins a new epoch');
  return renewed;
}
