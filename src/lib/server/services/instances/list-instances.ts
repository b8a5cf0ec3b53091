import { instanceStatsSchema, type InstanceView } from '#lib/contracts/instances.ts';
import { requireOperator, type Operator } from '../../auth/operators.ts';

/** The servers that run on this database, oldest first; of one that has gone silent, its last figures. */
export async function listInstances(operator: Operator): Promise<InstanceView[]> {
  await requireOperator(operator);
  const rows = await operator.app.db.sql<
    { name: string; startedAt: Date; beatAt: Date; silentMs: number; stats: unknown }[]
  >`
    select name, started_at as "startedAt", beat_at as "beatAt", stats,
      (extract(epoch from now() - beat_at) * 1000)::float8 as "silentMs"
    from instances order by started_at, name`;
  return rows.map((row) => ({
    name: row.name,
    startedAt: row.startedAt.toISOString(),
    beatAt: row.beatAt.toISOString(),
    silentMs: Math.max(0, row.silentMs),
    // Another version of the server may have written it.
    stats: instanceStatsSchema.parse(row.stats),
  }));
}
