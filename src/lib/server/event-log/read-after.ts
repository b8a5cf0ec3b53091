import type { Sql } from '../db/client.ts';

/** An event as it stands in the outbox, with its place. `payload` is JSON text, never parsed on the way through. */
export interface SequencedEvent {
  seq: number;
  workspaceId: string;
  topic: string;
  type: string;
  op: string;
  key: string;
  rev: number;
  scope: string;
  payload: string;
  /** Milliseconds since 1970 when it got its place. */
  t: number;
}

/** With the epoch that the database was in when it was read: a place means nothing in another. */
export interface StoredEvent extends SequencedEvent {
  epoch: string;
}

/** Whose events: one workspace, some topics, some scopes. */
export interface ReadFilter {
  workspaceId: string;
  topics: readonly string[];
  scopes: readonly string[];
}

const columns = (sql: Sql) => sql`
  seq, workspace_id as "workspaceId", topic, type, op, key, rev, scope, payload::text as payload,
  floor(extract(epoch from coalesce(sequenced_at, created_at)) * 1000)::float8 as t,
  (select epoch from feed_head where id = 'feed') as epoch`;

/** The next events of all workspaces after `seq`, in order and without gaps. */
export async function readAfter(sql: Sql, seq: number, limit: number): Promise<StoredEvent[]> {
  return sql<StoredEvent[]>`
    select ${columns(sql)} from feed_outbox where seq > ${seq} order by seq limit ${limit}`;
}

/**
 * The next events that pass the filter, after `from` and up to `to`, in order. With those that are for one person alone,
 * whoever that is: they are few, and so readers of the same filter share what was read.
 */
export async function readMatching(
  sql: Sql,
  filter: ReadFilter,
  range: { from: number; to: number; limit: number },
): Promise<StoredEvent[]> {
  return sql<StoredEvent[]>`
    select ${columns(sql)} from feed_outbox
    where workspace_id = ${filter.workspaceId} and seq > ${range.from} and seq <= ${range.to}
      and topic = any(${filter.topics as string[]}::text[])
      and (scope = any(${filter.scopes as string[]}::text[]) or scope like 'user:%')
    order by seq limit ${range.limit}`;
}

/** How much a replay would send; counting stops at `limit` events. Bytes are those of the payloads. */
export async function measureMatching(
  sql: Sql,
  filter: ReadFilter,
  range: { from: number; to: number; limit: number },
): Promise<{ events: number; bytes: number }> {
  const [measured] = await sql<{ events: number; bytes: number }[]>`
    select count(*) as events, coalesce(sum(bytes), 0)::float8 as bytes from (
      select octet_length(payload::text) as bytes from feed_outbox
      where workspace_id = ${filter.workspaceId} and seq > ${range.from} and seq <= ${range.to}
        and topic = any(${filter.topics as string[]}::text[]) and scope = any(${filter.scopes as string[]}::text[])
      order by seq limit ${range.limit}
    ) as matching`;
  return measured ?? { events: 0, bytes: 0 };
}

/** Whether this person's role in the workspace changed after the place `from`. */
export async function hasAccessChanged(
  sql: Sql,
  who: { workspaceId: string; userId: string },
  from: number,
): Promise<boolean> {
  const rows = await sql`
    select 1 from feed_outbox
    where workspace_id = ${who.workspaceId} and seq > ${from} and type = 'access.changed' and key = ${who.userId}
    limit 1`;
  return rows.length > 0;
}

/** The oldest place still kept; null when nothing is. */
export async function readOldest(sql: Sql): Promise<number | null> {
  const [row] = await sql<{ seq: number }[]>`
    select seq from feed_outbox where seq is not null order by seq limit 1`;
  return row?.seq ?? null;
}
