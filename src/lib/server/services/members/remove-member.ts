import { z } from 'zod';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requirePermission, type Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { appendAccessChanged } from '../workspaces/index.ts';
import { lastAdmin, lockMember } from './lock-members.ts';

/**
 * Takes somebody out of the workspace; everybody may leave by themselves.
 * @throws AppError FORBIDDEN, NOT_FOUND, or CONFLICT for the last admin
 */
export async function removeMember(ctx: Context, userId: string): Promise<void> {
  const leaving = ctx.actor.type === 'user' && ctx.actor.id === userId;
  requirePermission(ctx, leaving ? 'read' : 'manage');
  if (!z.uuid().safeParse(userId).success) throw notFound('member');
  const { app, workspace } = ctx;
  await app.db.sql.begin(async (tx) => {
    const member = await lockMember(tx, workspace.id, userId);
    if (member.isLastAdmin) throw lastAdmin();
    await tx`delete from memberships where workspace_id = ${workspace.id} and user_id = ${userId}`;
    await emitAudit(tx, ctx, {
      action: leaving ? 'member.left' : 'member.removed',
      targetType: 'user',
      targetId: userId,
      metadata: { role: member.role },
    });
    await appendAccessChanged(tx, workspace.id, userId);
  });
  app.doorbell.ringFeed();
  app.feed.recheck(workspace.id);
}
