import type { Sql } from '#lib/server/db/client.ts';

const ROWS_AT_ONCE = 100_000;

/**
 * Writes a placed and applied log straight into the database: categories of 3 to 8 values of unequal frequency, a
 * fifth of the outcomes successes. The same log every time.
 */
export async function writeBigLog(
  sql: Sql,
  workspaceId: string,
  { outcomes, attributes }: { outcomes: number; attributes: number },
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select setseed(0.5)`;
    for (let from = 1; from <= outcomes; from += ROWS_AT_ONCE) {
      const through = Math.min(outcomes, from + ROWS_AT_ONCE - 1);
      // Strictly increasing with the number of the row, so that positions follow the ids.
      await tx`
        insert into log_entries (workspace_id, position, kind, outcome_id, result, attributes, occurred_at, local_day)
        select ${workspaceId}::uuid, i, 'add', gen_random_uuid(),
          case when random() < 0.2 then 'success' else 'failure' end,
          (select jsonb_object_agg('a' || a, 'v' || floor(power(random() + 0 * i, 1.5) * (3 + a % 6)))
            from generate_series(0, ${attributes - 1}::int) as a),
          now(), 20000
        from generate_series(${from}::int, ${through}::int) as i`;
    }
  });
  await sql`
    insert into fold_state (workspace_id, placed, applied) values (${workspaceId}, ${outcomes}, ${outcomes})`;
  await sql`analyze log_entries`;
}
