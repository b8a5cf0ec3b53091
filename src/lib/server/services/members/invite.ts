import { randomBytes } from 'node:crypto';
import { invitationInputSchema } from '#lib/contracts/identity.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { sha256 } from '../../auth/sha256.ts';
import { requirePermission, type Context } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';

const DAYS = 7;

/**
 * An invitation for one person. `token` is the secret part of the link; it can be read only now. An older open
 * invitation of the same address ends.
 * @throws AppError FORBIDDEN or VALIDATION (also for somebody who is a member)
 */
export async function invite(
  ctx: Context,
  input: unknown,
): Promise<{ id: string; token: string; email: string }> {
  requirePermission(ctx, 'manage');
  const { email, role } = parseInput(invitationInputSchema, input);
  const { app, workspace, actor } = ctx;
  const token = randomBytes(24).toString('base64url');
  const expiresAt = new Date(ctx.now() + DAYS * 86_400_000);
  const made = await app.db.sql.begin(async (tx) => {
    const [member] = await tx`
      select 1 from memberships m join users u on u.id = m.user_id
      where m.workspace_id = ${workspace.id} and lower(u.email) = ${email}`;
    if (member !== undefined) throw invalid([{ path: 'email', message: 'This person is a member already.' }]);
    const ended = await tx<{ id: string }[]>`
      update invitations set revoked_at = now()
      where workspace_id = ${workspace.id} and email = ${email} and accepted_at is null and revoked_at is null
      returning id`;
    const [row] = await tx<{ id: string }[]>`
      insert into invitations (workspace_id, token_hash, email, role, invited_by, expires_at)
      values (${workspace.id}, ${sha256(token)}, ${email}, ${role}, ${actor.id}, ${expiresAt}) returning id`;
    if (row === undefined) throw new Error('The invitation was not stored.');
    const entryOf = (id: string) => ({ targetType: 'invitation', targetId: id });
    await emitAudit(
      tx,
      ctx,
      ...ended.map(({ id }) => ({
        ...entryOf(id),
        action: 'invitation.revoked' as const,
        metadata: { email },
      })),
      { ...entryOf(row.id), action: 'invitation.created', metadata: { email, role } },
    );
    return { id: row.id, token, email };
  });
  app.doorbell.ringFeed();
  return made;
}
