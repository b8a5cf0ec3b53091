import type { Sql } from '../../db/client.ts';

/** Removes what nobody comes back for: broken uploads, and files whose import ended a day ago or never began. */
export async function sweepImports(sql: Sql): Promise<void> {
  await sql`delete from imports where state = 'uploading' and created_at < now() - interval '6 hours'`;
  await sql`
    delete from import_parts where import_id in (
      select id from imports
      where finished_at < now() - interval '1 day'
        or (state in ('uploaded', 'ready') and updated_at < now() - interval '7 days'))`;
}
