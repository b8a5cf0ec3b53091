import { checkRows, type CheckedRows } from '#domain/imports/check-rows.ts';
import type { ImportPlan } from '#domain/imports/import-plan.ts';
import { rowMapper, type RowMapper } from '#domain/imports/row-mapper.ts';
import { zoneClock } from '#domain/time/zoned-time.ts';
import { readRows } from '../../csv/read-rows.ts';
import type { Sql } from '../../db/client.ts';
import { readPieces } from './import-parts.ts';
import type { ImportRow } from './import-row.ts';

/** The plan of an import that is checked or imported. @throws when it has none, which no state allows */
export function planOf(row: ImportRow): ImportPlan {
  if (row.plan === null) throw new Error(`Import ${row.id} is ${row.state} without a plan.`);
  return row.plan;
}

export function mapperOf(row: ImportRow): RowMapper {
  const { mapping, timezone, latestMs } = planOf(row);
  return rowMapper({
    names: row.columns,
    mapping,
    toInstant: zoneClock(timezone),
    digest: row.digest,
    latestMs,
  });
}

/** Reads the whole stored file and checks every row of it; null when `stopped` said so meanwhile. */
export async function readChecked(
  sql: Sql,
  row: ImportRow,
  stopped: () => boolean,
): Promise<CheckedRows | null> {
  const check = checkRows(mapperOf(row));
  const rows = readRows(readPieces(sql, row.id, row.encoding), row.separator);
  for (;;) {
    const next = await rows.next();
    if (next.done === true) return check.finish(next.value);
    if (stopped()) {
      await rows.return(null);
      return null;
    }
    check.add(next.value);
  }
}
