import type { API_SCOPES, WORKSPACE_ROLES } from './db/schema/identity.ts';
import type { App } from './app.ts';
import { forbidden } from './errors.ts';

export type WorkspaceRole = (typeof WORKSPACE_ROLES)[number];
export type ApiScope = (typeof API_SCOPES)[number];

/** Who acts. `system` is the product itself (importer's resume, simulator, nightly work). */
export type Actor =
  | { type: 'user'; id: string; name: string; email: string }
  | { type: 'api-key'; id: string; name: string; workspace: WorkspaceInfo; scopes: readonly ApiScope[] }
  | { type: 'system'; id: null; name: string };

export interface SessionInfo {
  rowId: string;
  expiresAt: Date;
}

export interface WorkspaceInfo {
  id: string;
  slug: string;
  name: string;
  preset: 'content' | 'trading' | 'bookings';
  timezone: string;
  simulated: boolean;
}

/** What may be done in a workspace. Roles of people and scopes of keys both come down to these. */
export type Permission = 'read' | 'record' | 'analyse' | 'manage';

/** Everything a service verb needs: made per request by `authorize`, by scripts and by the runtime. */
export interface Context {
  app: App;
  workspace: WorkspaceInfo;
  actor: Actor;
  permissions: ReadonlySet<Permission>;
  requestId: string;
  ip: string | null;
  now: () => number;
}

const OF_ROLE: Record<WorkspaceRole, readonly Permission[]> = {
  viewer: ['read'],
  recorder: ['read', 'record'],
  analyst: ['read', 'record', 'analyse'],
  admin: ['read', 'record', 'analyse', 'manage'],
};
const OF_SCOPE: Record<ApiScope, readonly Permission[]> = {
  read: ['read'],
  record: ['record'],
  manage: ['analyse', 'manage'],
};

export const permissionsOfRole = (role: WorkspaceRole): ReadonlySet<Permission> => new Set(OF_ROLE[role]);
export const permissionsOfScopes = (scopes: readonly ApiScope[]): ReadonlySet<Permission> =>
  new Set(scopes.flatMap((scope) => OF_SCOPE[scope]));

const WORDS: Record<Permission, string> = {
  read: 'read this workspace',
  record: 'record outcomes here',
  analyse: 'change patterns here',
  manage: 'manage this workspace',
};

/** First line of every verb. @throws AppError FORBIDDEN */
export function requirePermission(ctx: Context, permission: Permission): void {
  if (ctx.permissions.has(permission)) return;
  throw forbidden(
    ctx.actor.type === 'api-key'
      ? `This API key may not ${WORDS[permission]}; it has the scopes ${ctx.actor.scopes.join(', ') || 'none'}.`
      : `You may not ${WORDS[permission]}. Ask an admin of it.`,
  );
}
