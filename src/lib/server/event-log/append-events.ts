import { TOPIC_OF, type FeedType, type FeedValues } from '#lib/contracts/feed.ts';
import type { Sql, Statement, TransactionSql } from '../db/client.ts';
import { jsonText } from '../db/json-text.ts';

/** One event for the feed. `key` and `rev` make applying it idempotent for readers. */
export type FeedEvent = {
  [T in FeedType]: {
    type: T;
    op?: 'upsert' | 'delete';
    key: string;
    rev: number;
    value: FeedValues[T];
    /** Who may read it; default: everybody in the workspace. */
    scope?: string;
  };
}[FeedType];

/**
 * The `rev` of events that only say where to look again: none is older than another, whoever's clock says so. A server of
 * a former version, which takes its clock, tells less than one of these for as long as both run.
 */
export const LOOK_AGAIN = Number.MAX_SAFE_INTEGER;

/**
 * The statement that writes events to the outbox: awaited, or as a part of a larger one. There must be at least one
 * event.
 */
export function insertEvents(
  tx: TransactionSql | Sql,
  workspaceId: string,
  events: readonly FeedEvent[],
): Statement {
  const rows = events.map((event) => ({
    topic: TOPIC_OF[event.type],
    type: event.type,
    op: event.op ?? 'upsert',
    key: event.key,
    rev: event.rev,
    scope: event.scope ?? 'workspace',
    payload: event.value,
  }));
  // One text of the statement whatever the number of rows, so that it is prepared once; one JSON text rather than
  // arrays, because the driver's escaping of arrays of JSON cost more than the insert.
  return tx`
    insert into feed_outbox (workspace_id, topic, type, op, key, rev, scope, payload, bytes)
    select ${workspaceId}::uuid, e.topic, e.type, e.op, e.key, e.rev, e.scope, e.payload::jsonb,
      octet_length(e.payload::text)
    from rows from (
      json_to_recordset(${jsonText(rows)}::json)
      as (topic text, type text, op text, key text, rev float8, scope text, payload json)
    ) with ordinality as e (topic, type, op, key, rev, scope, payload, place)
    order by e.place`;
}

/**
 * Writes events to the outbox in the caller's transaction. They get their place in the feed after commit, from the
 * sequencer; call `doorbell.ringFeed()` after the commit to make that immediate.
 */
export async function appendEvents(
  tx: TransactionSql | Sql,
  workspaceId: string,
  events: readonly FeedEvent[],
): Promise<void> {
  if (events.length > 0) await insertEvents(tx, workspaceId, events);
}

/** Writes one event for every workspace there is, in the caller's transaction; ring the feed's doorbell after commit. */
export async function appendToAll(tx: TransactionSql | Sql, event: FeedEvent): Promise<void> {
  await tx`
    insert into feed_outbox (workspace_id, topic, type, op, key, rev, scope, payload, bytes)
    select w.id, ${TOPIC_OF[event.type]}, ${event.type}, ${event.op ?? 'upsert'}, ${event.key}, ${event.rev}::float8,
      ${event.scope ?? 'workspace'}, e.payload, octet_length(e.payload::text)
    from workspaces w, (select ${jsonText(event.value)}::text::jsonb as payload) e
    order by w.created_at, w.id`;
}
