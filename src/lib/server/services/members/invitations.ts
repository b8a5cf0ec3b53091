import { z } from 'zod';
import type { App } from '../../app.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { sha256 } from '../../auth/sha256.ts';
import { requirePermission, type Context, type WorkspaceRole } from '../../context.ts';
import { notFound } from '../../errors.ts';

export interface InvitationView {
  id: string;
  email: string;
  role: WorkspaceRole;
  createdAt: Date;
  expiresAt: Date;
}

/** Invitations that can still be accepted, newest first. @throws AppError FORBIDDEN */
export async function listInvitations(ctx: Context): Promise<InvitationView[]> {
  requirePermission(ctx, 'manage');
  return ctx.app.db.sql<InvitationView[]>`
    select id, email, role, created_at as "createdAt", expires_at as "expiresAt" from invitations
    where workspace_id = ${ctx.workspace.id} and accepted_at is null and revoked_at is null and expires_at > now()
    order by created_at desc, id`;
}

/** Makes an invitation's link useless. @throws AppError FORBIDDEN or NOT_FOUND */
export async function revokeInvitation(ctx: Context, id: string): Promise<void> {
  requirePermission(ctx, 'manage');
  if (!z.uuid().safeParse(id).success) throw notFound('invitation');
  await ctx.app.db.sql.begin(async (tx) => {
    const [row] = await tx<{ email: string }[]>`
      update invitations set revoked_at = now()
      where id = ${id} and workspace_id = ${ctx.workspace.id} and accepted_at is null and revoked_at is null
      returning email`;
    if (row === undefined) throw notFound('invitation');
    await emitAudit(tx, ctx, {
      action: 'invitation.revoked',
      targetType: 'invitation',
      targetId: id,
      metadata: { email: row.email },
    });
  });
  ctx.app.doorbell.ringFeed();
}

export interface OpenInvitation {
  email: string;
  role: WorkspaceRole;
  workspaceName: string;
  invitedBy: string | null;
  /** Somebody has an account with this address and should log in instead of making one. */
  hasAccount: boolean;
}

/** What the holder of the link may see; null when it was used, revoked, has expired or never was. */
export async function readInvitation(app: Pick<App, 'db'>, token: string): Promise<OpenInvitation | null> {
  const [row] = await app.db.sql<OpenInvitation[]>`
    select i.email, i.role, w.name as "workspaceName", inviter.name as "invitedBy",
      exists(select 1 from users u where lower(u.email) = i.email) as "hasAccount"
    from invitations i join workspaces w on w.id = i.workspace_id left join users inviter on inviter.id = i.invited_by
    where i.token_hash = ${sha256(token)} and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()`;
  return row ?? null;
}
