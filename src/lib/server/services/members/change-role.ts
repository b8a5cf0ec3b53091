import { z } from 'zod';
import { roleSchema } from '#lib/contracts/identity.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requirePermission, type Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { appendAccessChanged } from '../workspaces/index.ts';
import { lastAdmin, lockMember } from './lock-members.ts';

/**
 * Gives a member another role.
 * @throws AppError FORBIDDEN, NOT_FOUND, VALIDATION, or CONFLICT for the last admin
 */
export async function changeRole(ctx: Context, userId: string, input: { role: unknown }): Promise<void> {
  requirePermission(ctx, 'manage');
  const { role } = parseInput(z.object({ role: roleSchema }), input);
  if (!z.uuid().safeParse(userId).success) throw notFound('member');
  const { app, workspace } = ctx;
  await app.db.sql.begin(async (tx) => {
    const member = await lockMember(tx, workspace.id, userId);
    if (member.role === role) return;
    if (member.isLastAdmin) throw lastAdmin();
    await tx`update memberships set role = ${role} where workspace_id = ${workspace.id} and user_id = ${userId}`;
    await emitAudit(tx, ctx, {
      action: 'member.role-changed',
      targetType: 'user',
      targetId: userId,
      metadata: { before: member.role, after: role },
    });
    await appendAccessChanged(tx, workspace.id, userId);
  });
  app.doorbell.ringFeed();
  app.feed.recheck(workspace.id);
}
