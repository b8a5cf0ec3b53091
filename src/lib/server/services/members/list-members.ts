import { requirePermission, type Context, type WorkspaceRole } from '../../context.ts';

export interface MemberView {
  id: string;
  name: string;
  email: string;
  role: WorkspaceRole;
  since: Date;
}

/** Who belongs to the workspace, by name. @throws AppError FORBIDDEN */
export async function listMembers(ctx: Context): Promise<MemberView[]> {
  requirePermission(ctx, 'read');
  return ctx.app.db.sql<MemberView[]>`
    select u.id, u.name, u.email, m.role, m.created_at as since
    from memberships m join users u on u.id = m.user_id
    where m.workspace_id = ${ctx.workspace.id} order by lower(u.name), u.id`;
}
