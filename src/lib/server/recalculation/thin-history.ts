import type { Sql } from '../db/client.ts';

/** Points younger than this are all kept. */
const WHOLE_DAYS = 30;

/**
 * Makes the history of patterns sparse enough for years: of what is older than a month, the last point of each day and
 * every point at which something happened stay. Cost: reads what is old, a second a million rows; for the night.
 */
export async function thinHistory(sql: Sql, workspaceId: string): Promise<void> {
  await sql`
    delete from pattern_history as h
    using (
      select pattern_id, position, events,
        row_number() over (partition by pattern_id, date_trunc('day', at) order by position desc) as back
      from pattern_history
      where workspace_id = ${workspaceId} and at < date_trunc('day', now()) - make_interval(days => ${WHOLE_DAYS})
    ) as old
    where h.workspace_id = ${workspaceId} and h.pattern_id = old.pattern_id and h.position = old.position
      and old.back > 1 and old.events is null`;
}
