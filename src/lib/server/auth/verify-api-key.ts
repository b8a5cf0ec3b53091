import type { Database } from '../db/client.ts';
import type { Actor, ApiScope } from '../context.ts';
import { API_KEY_FORM, hashApiKey } from './api-key-token.ts';

interface KeyRow {
  id: string;
  name: string;
  workspaceId: string;
  scopes: ApiScope[];
  stale: boolean;
}

/**
 * Who a key is, or null for an unknown or revoked one. The key is hashed and looked up whole, so how long it takes
 * says nothing about how much of it was right. The last use is written at most once a minute.
 */
export async function verifyApiKey(
  db: Database,
  key: string,
): Promise<Extract<Actor, { type: 'api-key' }> | null> {
  const hash = hashApiKey(key);
  if (!API_KEY_FORM.test(key)) return null;
  const [row] = await db.sql<KeyRow[]>`
    select id, name, workspace_id as "workspaceId", scopes,
      (last_used_at is null or last_used_at < now() - interval '1 minute') as stale
    from api_keys where hash = ${hash} and revoked_at is null`;
  if (row === undefined) return null;
  if (row.stale) {
    await db.sql`
      update api_keys set last_used_at = now()
      where id = ${row.id} and (last_used_at is null or last_used_at < now() - interval '1 minute')`;
  }
  return { type: 'api-key', id: row.id, name: row.name, workspaceId: row.workspaceId, scopes: row.scopes };
}
