import { FLAGS, type FlagKey, type FlagView } from '#lib/contracts/flags.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';

interface Row {
  key: FlagKey;
  on: boolean;
  percent: number;
  note: string;
  updatedAt: Date;
  updatedBy: string;
}

const viewOf = (row: Row): FlagView => ({ ...row, updatedAt: row.updatedAt.toISOString() });

/** A switch that nobody has changed yet. */
export const untouched = (key: FlagKey): FlagView => ({
  key,
  ...FLAGS[key],
  note: '',
  updatedAt: null,
  updatedBy: null,
});

/** How a switch stands, from the database. Everybody may know: it decides what everybody gets. */
export async function readFlag(
  { db: { sql } }: { db: { sql: Sql | TransactionSql } },
  key: FlagKey,
  lock = false,
): Promise<FlagView> {
  const [row] = await sql<Row[]>`
    select key, "on", percent, note, updated_at as "updatedAt", updated_by as "updatedBy"
    from flags where key = ${key} ${lock ? sql`for update` : sql``}`;
  return row === undefined ? untouched(key) : viewOf(row);
}
