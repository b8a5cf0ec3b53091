import type { Sql } from '../../db/client.ts';

/** What waits in the database, over all workspaces and instances. */
export interface Queues {
  /** Log entries without a position. */
  entriesWaiting: number;
  /** Age of the oldest log entry that is not applied; 0 when all are. */
  foldLagMs: number;
  /** Feed events without a place in the sequence. */
  eventsWaiting: number;
  /** Age of the oldest of them; 0 when there is none. */
  feedLagMs: number;
}

/** Read through the partial indexes of what waits, so it costs as much as waits. */
export async function readQueues(sql: Sql): Promise<Queues> {
  const [row] = await sql<Queues[]>`
    select unplaced.n as "entriesWaiting",
      greatest(0, extract(epoch from now() - least(unplaced.oldest, unapplied.oldest)) * 1000)::float8 as "foldLagMs",
      unsequenced.n as "eventsWaiting",
      greatest(0, extract(epoch from now() - unsequenced.oldest) * 1000)::float8 as "feedLagMs"
    from (
      select count(*)::int as n, min(recorded_at) as oldest from log_entries where position is null
    ) as unplaced, (
      select min(first.recorded_at) as oldest from fold_state as f cross join lateral (
        select recorded_at from log_entries as e
        where e.workspace_id = f.workspace_id and e.position > f.applied order by e.position limit 1
      ) as first
    ) as unapplied, (
      select count(*)::int as n, min(created_at) as oldest from feed_outbox where seq is null
    ) as unsequenced`;
  if (row === undefined) throw new Error('The database did not say what waits.');
  return { ...row, foldLagMs: row.foldLagMs ?? 0, feedLagMs: row.feedLagMs ?? 0 };
}
