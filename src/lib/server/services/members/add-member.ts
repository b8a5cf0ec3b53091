import { z } from 'zod';
import { emailSchema, roleSchema } from '#lib/contracts/identity.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requirePermission, type Context } from '../../context.ts';
import { conflict, notFound } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { appendAccessChanged } from '../workspaces/index.ts';

/**
 * Makes somebody who has an account a member, without an invitation; for the person at the terminal.
 * @throws AppError FORBIDDEN, VALIDATION, NOT_FOUND, or CONFLICT for somebody who is a member
 */
export async function addMember(ctx: Context, input: unknown): Promise<void> {
  requirePermission(ctx, 'manage');
  const { email, role } = parseInput(z.object({ email: emailSchema, role: roleSchema }), input);
  const { app, workspace } = ctx;
  await app.db.sql.begin(async (tx) => {
    const [user] = await tx<{ id: string }[]>`select id from users where lower(email) = ${email}`;
    if (user === undefined) throw notFound('account');
    const added = await tx`
      insert into memberships (workspace_id, user_id, role) values (${workspace.id}, ${user.id}, ${role})
      on conflict do nothing returning user_id`;
    if (added.length === 0) throw conflict(`${email} is a member of ${workspace.slug} already.`);
    await emitAudit(tx, ctx, {
      action: 'member.added',
      targetType: 'user',
      targetId: user.id,
      metadata: { role },
    });
    await appendAccessChanged(tx, workspace.id, user.id);
  });
  app.doorbell.ringFeed();
}
