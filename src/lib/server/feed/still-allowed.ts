import type { Database } from '../db/client.ts';
import {
  permissionsOfRole,
  permissionsOfScopes,
  type ApiScope,
  type Context,
  type Permission,
  type WorkspaceRole,
} from '../context.ts';

/** Who opened a stream, and what they might do then. */
export interface Reader {
  workspaceId: string;
  actor: Context['actor'];
  sessionRowId: string | null;
  permissions: ReadonlySet<Permission>;
}

/** Readers with one name are allowed or not together. */
export const nameOf = ({ actor, workspaceId, sessionRowId }: Reader): string =>
  JSON.stringify([actor.type, actor.id, workspaceId, sessionRowId]);

const equal = (a: ReadonlySet<Permission>, b: ReadonlySet<Permission>) =>
  a.size === b.size && [...a].every((permission) => b.has(permission));

/**
 * The readers whose key was revoked, whose session or account ended, or whose permissions changed since; three
 * statements for any number of them.
 */
export async function findChanged(db: Database, readers: readonly Reader[]): Promise<Set<Reader>> {
  const keys = await permissionsOfKeys(db, readers);
  const members = await permissionsOfMembers(db, readers);
  const sessions = await liveSessions(db, readers);
  return new Set(
    readers.filter((reader) => {
      const { actor, sessionRowId } = reader;
      if (actor.type === 'system') return false;
      if (sessionRowId !== null && !sessions.has(sessionRowId)) return true;
      const now =
        actor.type === 'api-key' ? keys.get(actor.id) : members.get(`${actor.id} ${reader.workspaceId}`);
      return now === undefined || !now.has('read') || !equal(now, reader.permissions);
    }),
  );
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
