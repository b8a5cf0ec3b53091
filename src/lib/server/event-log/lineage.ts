import { randomBytes } from 'node:crypto';
import type { Sql, TransactionSql } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import { logger } from '../logger.ts';

/** Key of the row of `instance` that says in which history of the database the epoch began. */
const KEY = 'feed lineage';

/** The role may not ask, or this PostgreSQL (as some that are hosted) does not have or allow the functions. */
const UNASKABLE = new Set(['42501', '42883', '0A000']);

/**
 * Names the history that the database is in: the cluster, the timeline (another after a failover or a restore to a
 * point in time) and the database (another after a restore from a dump). Null where that cannot be asked.
 */
async function readLineage(sql: Sql | TransactionSql): Promise<string | null> {
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
      'the history of the database cannot be told, so the epoch of the feed stays whatever happens to it',
    );
    return null;
  }
}

/**
 * Begins a new epoch when the database goes on from a copy of itself: what was committed after the copy is lost, so
 * its places will be given a second time, and cursors of then must not be taken for cursors of now. Called by the
 * sequencer before it gives its first place; no transaction may be open. @returns whether a new epoch began
 */
export async function renewEpoch(
  sql: Sql,
  lineageOf: (sql: Sql) => Promise<string | null> = readLineage,
): Promise<boolean> {
  const lineage = await lineageOf(sql);
  if (lineage === null) return false;
  const known = await sql<
    { value: string }[]
  >`select value #>> '{}' as value from instance where key = ${KEY}`;
  if (known[0]?.value === lineage) return false;
  const renewed = await sql.begin(async (tx) => {
    const [before] = await tx<{ value: string }[]>`
      select value #>> '{}' as value from instance where key = ${KEY} for update`;
    await tx`
      insert into instance (key, value) values (${KEY}, to_jsonb(${lineage}::text))
      on conflict (key) do update set value = excluded.value, updated_at = now()`;
    if (before === undefined || before.value === lineage) return false;
    await tx`update feed_head set epoch = ${randomBytes(4).toString('hex')} where id = 'feed'`;
    return true;
  });
  if (renewed) logger.warn({ lineage }, 'the database goes on from a copy; the feed begins a new epoch');
  return renewed;
}
