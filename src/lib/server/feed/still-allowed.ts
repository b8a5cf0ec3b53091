import type { Database } from '../db/client.ts';
import {
  permissionsOfRole,
  permissionsOfScopes,
  type ApiScope,
  type Context,
  type Permission,
  type WorkspaceRole,
} from '../context.ts';

/** Who reads, and what they might do when that was last looked at. */
export interface Reader {
  workspaceId: string;
  actor: Context['actor'];
  sessionRowId: string | null;
  permissions: ReadonlySet<Permission>;
}

const equal = (a: ReadonlySet<Permission>, b: ReadonlySet<Permission>) =>
  a.size === b.size && [...a].every((permission) => b.has(permission));

/**
 * The readers whose permissions changed since, with those they have now; null for those who may not read any more,
 * because the key was revoked, the session or account ended, or the membership did. Three statements for any number.
 */
export async function findChanged(
  db: Database,
  readers: readonly Reader[],
): Promise<Map<Reader, ReadonlySet<Permission> | null>> {
  const keys = await permissionsOfKeys(db, readers);
  const members = await permissionsOfMembers(db, readers);
  const sessions = await liveSessions(db, readers);
  const changed = new Map<Reader, ReadonlySet<Permission> | null>();
  for (const reader of readers) {
    const { actor, sessionRowId } = reader;
    if (actor.type === 'system') continue;
    const now =
      actor.type === 'api-key' ? keys.get(actor.id) : members.get(`${actor.id} ${reader.workspaceId}`);
    const ended = sessionRowId !== null && !sessions.has(sessionRowId);
    if (ended || now === undefined || !now.has('read')) changed.set(reader, null);
    else if (!equal(now, reader.permissions)) changed.set(reader, now);
  }
  return changed;
}

async function permissionsOfKeys(
  db: Database,
  readers: readonly Reader[],
): Promise<Map<string, ReadonlySet<Permission>>> {
  const ids = readers.flatMap(({ actor }) => (actor.type === 'api-key' ? [actor.id] : []));
  if (ids.length === 0) return new Map();
  const rows = await db.sql<{ id: string; scopes: ApiScope[] }[]>`
    select id, scopes from api_keys where id = any(${ids}::uuid[]) and revoked_at is null`;
  return new Map(rows.map((row) => [row.id, permissionsOfScopes(row.scopes)]));
}

async function permissionsOfMembers(
  db: Database,
  readers: readonly Reader[],
): Promise<Map<string, ReadonlySet<Permission>>> {
  const users = readers.filter(({ actor }) => actor.type === 'user');
  if (users.length === 0) return new Map();
  const rows = await db.sql<{ userId: string; workspaceId: string; role: WorkspaceRole }[]>`
    select m.user_id as "userId", m.workspace_id as "workspaceId", m.role
    from memberships m join users u on u.id = m.user_id
    where u.disabled_at is null and m.user_id = any(${users.map(({ actor }) => actor.id ?? '')}::uuid[])
      and m.workspace_id = any(${users.map(({ workspaceId }) => workspaceId)}::uuid[])`;
  return new Map(rows.map((row) => [`${row.userId} ${row.workspaceId}`, permissionsOfRole(row.role)]));
}

async function liveSessions(db: Database, readers: readonly Reader[]): Promise<Set<string>> {
  const ids = readers.flatMap(({ sessionRowId }) => (sessionRowId === null ? [] : [sessionRowId]));
  if (ids.length === 0) return new Set();
  const rows = await db.sql<{ id: string }[]>`
    select row_id as id from sessions where row_id = any(${ids}::uuid[]) and expires_at > now()`;
  return new Set(rows.map((row) => row.id));
}
