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
  // By topic, so that what others write into the workspace is not looked at, however much of it there is.
  return sql<StoredEvent[]>`
    select ${columns(sql)} from unnest(${filter.topics as string[]}::text[]) as chosen cross join lateral (
      select * from feed_outbox
      where workspace_id = ${filter.workspaceId} and topic = chosen
        and (scope = any(${filter.scopes as string[]}::text[]) or scope like 'user:%')
        and seq > ${range.from} and seq <= ${range.to}
      order by seq limit ${range.limit}
    ) as matching
    order by seq limit ${range.limit}`;
}

/** From where readers can be told what follows, and what stands in the way of it. */
export interface Reach {
  epoch: string;
  /** The oldest place from which on all events are kept; null when none is. */
  oldest: number | null;
  /** The lowest place after which there is no more than the limit. */
  least: number;
  /** The last place at which somebody's role in the workspace changed, by their id. */
  accessChanged: Readonly<Record<string, number>>;
}

/** How far back events up to `to` can be replayed through a filter, within a limit of events and bytes of payload. */
export async function readReach(
  sql: Sql,
  filter: ReadFilter,
  { to, limit }: { to: number; limit: { events: number; bytes: number } },
): Promise<Reach> {
  const [reach] = await sql<Reach[]>`
    with newest as materialized (
      select matching.seq, row_number() over backwards as events, sum(matching.bytes) over backwards as bytes
      from unnest(${filter.topics as string[]}::text[]) as chosen cross join lateral (
        select seq, coalesce(bytes, octet_length(payload::text)) as bytes from feed_outbox
        where workspace_id = ${filter.workspaceId} and topic = chosen
          and (scope = any(${filter.scopes as string[]}::text[]) or scope like 'user:%') and seq <= ${to}
        order by seq desc limit ${limit.events + 1}
      ) as matching
      window backwards as (order by matching.seq desc)
    )
    select epoch, (${oldest(sql)}) as oldest,
      (select coalesce(max(seq), 0) from newest where events > ${limit.events} or bytes > ${limit.bytes}) as least,
      (select coalesce(json_object_agg(key, seq), '{}') from (
        select key, max(seq) as seq from feed_outbox
        where workspace_id = ${filter.workspaceId} and topic = 'system' and type = 'access.changed' and seq is not null
        group by key
      ) as changed) as "accessChanged"
    from feed_head where id = 'feed'`;
  if (reach === undefined) throw new Error('The feed has no head.');
  return reach;
}

/** What was dropped may have had higher places than what is kept of the next day. */
const oldest = (sql: Sql) => sql`
  select greatest(kept.seq, head.dropped + 1)
  from (select seq from feed_outbox where seq is not null order by seq limit 1) as kept, feed_head as head
  where head.id = 'feed'`;

/** The oldest place from which on all events are kept; null when none is. */
export async function readOldest(sql: Sql): Promise<number | null> {
  const [row] = await sql<{ seq: number }[]>`select (${oldest(sql)}) as seq`;
  return row?.seq ?? null;
}
