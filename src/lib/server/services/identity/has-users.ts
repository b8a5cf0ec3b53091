import type { Sql, TransactionSql } from '../../db/client.ts';

/** Whether this installation has been set up. */
export async function hasUsers(sql: Sql | TransactionSql): Promise<boolean> {
  const [row] = await sql<{ some: boolean }[]>`select exists(select 1 from users) as some`;
  return row?.some === true;
}
