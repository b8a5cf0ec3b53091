import type { MaintenanceView } from '#lib/contracts/notices.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';

export const MAINTENANCE = 'maintenance';

interface Row {
  message: string;
  from: Date;
  until: Date;
  timezone: string;
  stands: boolean;
  revision: number;
  updatedAt: Date;
  updatedBy: string;
}

/**
 * The last maintenance that was announced: its notice stands until it is taken back or past. Null before there was any.
 * Everybody may know it.
 */
export async function readMaintenance(sql: Sql | TransactionSql): Promise<MaintenanceView | null> {
  const [row] = await sql<Row[]>`
    select message, from_at as "from", until_at as until, timezone, revision, updated_at as "updatedAt",
      updated_by as "updatedBy", withdrawn_at is null and until_at > now() as stands
    from maintenance where key = ${MAINTENANCE}`;
  if (row === undefined) return null;
  const { message, from, until, timezone, stands, revision, updatedAt, updatedBy } = row;
  const value = { message, from: from.toISOString(), until: until.toISOString() };
  return {
    key: MAINTENANCE,
    rev: revision,
    value: stands ? value : null,
    timezone,
    updatedAt: updatedAt.toISOString(),
    updatedBy,
  };
}
