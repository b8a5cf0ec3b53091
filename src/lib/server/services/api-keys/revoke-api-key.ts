import { z } from 'zod';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requirePermission, type Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { appendWorkspaceChanged } from '../workspaces/index.ts';

/**
 * Ends a key at once and for good.
 * @throws AppError FORBIDDEN, or NOT_FOUND for an unknown key, one of another workspace and one revoked before
 */
export async function revokeApiKey(ctx: Context, id: string): Promise<void> {
  requirePermission(ctx, 'manage');
  if (!z.uuid().safeParse(id).success) throw notFound('API key');
  const { app, workspace } = ctx;
  await app.db.sql.begin(async (tx) => {
    const [row] = await tx<{ name: string; prefix: string }[]>`
      update api_keys set revoked_at = now()
      where id = ${id} and workspace_id = ${workspace.id} and revoked_at is null
      returning name, prefix`;
    if (row === undefined) throw notFound('API key');
    await emitAudit(tx, ctx, {
      action: 'api-key.revoked',
      targetType: 'api-key',
      targetId: id,
      metadata: { ...row },
    });
    await appendWorkspaceChanged(tx, workspace.id);
  });
  app.doorbell.ringFeed();
  app.feed.recheck(workspace.id);
}
