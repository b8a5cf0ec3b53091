import type { TransactionSql } from '../../db/client.ts';
import { appendEvents, type FeedEvent } from '../../event-log/index.ts';
import { personHere, type PresentRow } from './person-here.ts';

const LOCK = 7_411_006;

/**
 * Lets this transaction alone compare and tell, until it ends. One that stands still for five seconds is ended by the
 * database, so that a server that hangs holds up nobody.
 * @returns the database's clock, once it has the lock
 */
export async function lockPresence(tx: TransactionSql): Promise<Date> {
  const [row] = await tx<{ clock: Date }[]>`
    with locked as materialized (
      select set_config('idle_in_transaction_session_timeout', '5s', true), pg_advisory_xact_lock(${LOCK})
    )
    select clock_timestamp() as clock from locked`;
  if (row === undefined) throw new Error('The lock of presence was not answered.');
  return row.clock;
}

interface Change extends PresentRow {
  type: 'presence.joined' | 'presence.left';
  workspaceId: string;
  at: Date;
}

/**
 * Tells who has come and who has gone since it was last told, in all workspaces: by connections, memberships, accounts
 * and the wish to appear offline. Call after `lockPresence`, and ring the feed's bell after the commit.
 * @returns how many events there were
 */
export async function tellChanges(tx: TransactionSql): Promise<number> {
  // By the clock of the statement, for that of the transaction stood still while it waited for the lock; and later than
  // what was told before, also when the clock was set back.
  const changes = await tx<Change[]>`
    with moment as materialized (
      select to_timestamp(setval('presence_clock',
        greatest((extract(epoch from clock_timestamp()) * 1000)::bigint, last_value + 1)) / 1000.0) as at
      from presence_clock
    ),
    here as materialized (
      select distinct p.workspace_id, p.user_id, u.name
      from presence p
      join users u on u.id = p.user_id and u.disabled_at is null and not u.appear_offline
      join memberships m on m.workspace_id = p.workspace_id and m.user_id = p.user_id
    ),
    joined as (
      insert into present_people (workspace_id, user_id, name, since)
      select h.workspace_id, h.user_id, h.name, moment.at from here h, moment
      where not exists (
        select from present_people t where t.workspace_id = h.workspace_id and t.user_id = h.user_id
      )
      returning *
    ),
    gone as (
      delete from present_people t
      where not exists (select from here h where h.workspace_id = t.workspace_id and h.user_id = t.user_id)
      returning *
    )
    select 'presence.joined' as type, workspace_id as "workspaceId", user_id as "userId", name, since, since as at
    from joined
    union all
    select 'presence.left', workspace_id, user_id, name, since, greatest(since, moment.at) from gone, moment`;
  for (const [workspaceId, events] of byWorkspace(changes)) await appendEvents(tx, workspaceId, events);
  return changes.length;
}

function byWorkspace(changes: readonly Change[]): Map<string, FeedEvent[]> {
  const events = new Map<string, FeedEvent[]>();
  for (const change of changes) {
    const { type, workspaceId, userId, at } = change;
    const of = events.get(workspaceId) ?? [];
    const op = type === 'presence.left' ? 'delete' : 'upsert';
    of.push({ type, op, key: userId, rev: at.getTime(), value: personHere(change) });
    events.set(workspaceId, of);
  }
  return events;
}
