import { requirePermission, type ApiScope, type Context } from '../../context.ts';

export interface ApiKeyView {
  id: string;
  name: string;
  /** First characters of the key. */
  prefix: string;
  scopes: ApiScope[];
  createdBy: string | null;
  createdAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

/** The keys of the workspace, working ones first, newest first. @throws AppError FORBIDDEN */
export async function listApiKeys(ctx: Context): Promise<ApiKeyView[]> {
  requirePermission(ctx, 'manage');
  return ctx.app.db.sql<ApiKeyView[]>`
    select k.id, k.name, k.prefix, k.scopes, u.name as "createdBy", k.created_at as "createdAt",
      k.last_used_at as "lastUsedAt", k.revoked_at as "revokedAt"
    from api_keys k left join users u on u.id = k.created_by
    where k.workspace_id = ${ctx.workspace.id}
    order by k.revoked_at is not null, k.created_at desc, k.id`;
}
