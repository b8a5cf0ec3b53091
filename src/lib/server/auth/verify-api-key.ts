import type { Database } from '../db/client.ts';
import type { Actor, ApiScope, WorkspaceInfo } from '../context.ts';
import { API_KEY_FORM, hashApiKey } from './api-key-token.ts';

interface KeyRow {
  id: string;
  name: string;
  scopes: ApiScope[];
  stale: boolean;
  workspace: WorkspaceInfo;
}

/**
 * Who a key is and its workspace, or null for an unknown or revoked one. The key is hashed and looked up whole, so how
 * long it takes says nothing about how much of it was right. Asked anew for every request and kept nowhere, so that a
 * revoked key is refused by every instance at once. The last use is written at most once a minute.
 */
export async function verifyApiKey(
  db: Database,
  key: string,
): Promise<Extract<Actor, { type: 'api-key' }> | null> {
  const hash = hashApiKey(key);
  if (!API_KEY_FORM.test(key)) return null;
  const [row] = await db.sql<KeyRow[]>`
    select k.id, k.name, k.scopes,
      (k.last_used_at is null or k.last_used_at < now() - interval '1 minute') as stale,
      json_build_object('id', w.id, 'slug', w.slug, 'name', w.name, 'preset', w.preset, 'timezone', w.timezone,
        'simulated', w.simulated) as workspace
    from api_keys as k join workspaces as w on w.id = k.workspace_id
    where k.hash = ${hash} and k.revoked_at is null`;
  if (row === undefined) return null;
  if (row.stale) {
    await db.sql`
      update api_keys set last_used_at = now()
      where id = ${row.id} and (last_used_at is null or last_used_at < now() - interval '1 minute')`;
  }
  return { type: 'api-key', id: row.id, name: row.name, workspace: row.workspace, scopes: row.scopes };
}
