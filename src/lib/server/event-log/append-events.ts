import { TOPIC_OF, type FeedType, type FeedValues } from '#lib/contracts/feed.ts';
import type { Sql, TransactionSql } from '../db/client.ts';

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

/** What JSON.stringify writes for the two things that jsonb refuses: NUL and half a surrogate pair. */
const REFUSED = /\\u(0000|d[89a-f][0-9a-f]{2})/;

const acceptable = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/\0|\p{Surrogate}/gu, '\uFFFD') : value;

/** JSON that PostgreSQL takes: an odd character in a text must not undo the business transaction. */
function payloadOf(value: unknown): string {
  const json = JSON.stringify(value);
  return REFUSED.test(json) ? JSON.stringify(value, acceptable) : json;
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
  if (events.length === 0) return;
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
  await tx`
    insert into feed_outbox (workspace_id, topic, type, op, key, rev, scope, payload)
    select ${workspaceId}::uuid, e.topic, e.type, e.op, e.key, e.rev, e.scope, e.payload
    from rows from (
      json_to_recordset(${payloadOf(rows)}::json)
      as (topic text, type text, op text, key text, rev float8, scope text, payload jsonb)
    ) with ordinality as e (topic, type, op, key, rev, scope, payload, place)
    order by e.place`;
}
