import type { Sql } from '../../db/client.ts';

/** Any number; the same in every instance. */
const LOCK_CLASS = 7_411_010;

/**
 * Runs `work` while no other instance works on this import, or not at all. The lock belongs to a connection: a
 * process that dies gives it back.
 * @returns false when another one has it
 */
export async function withImportLock(
  sql: Sql,
  importId: string,
  work: () => Promise<void>,
): Promise<boolean> {
  const connection = await sql.reserve();
  try {
    const [row] = await connection<{ locked: boolean }[]>`
      select pg_try_advisory_lock(${LOCK_CLASS}, hashtext(${importId})) as locked`;
    if (row?.locked !== true) return false;
    try {
      await work();
      return true;
    } finally {
      await connection`select pg_advisory_unlock(${LOCK_CLASS}, hashtext(${importId}))`;
    }
  } finally {
    connection.release();
  }
}
