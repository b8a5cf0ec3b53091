import { workspacePatchSchema } from '#lib/contracts/identity.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requirePermission, type Context, type WorkspaceInfo } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { appendWorkspaceChanged } from './append-workspace-changed.ts';

/**
 * Renames the workspace or changes its time zone. The address stays, so that links keep working. Another time zone
 * holds for outcomes recorded from now on; days already counted stay as they are.
 * @throws AppError FORBIDDEN or VALIDATION
 */
export async function updateWorkspace(ctx: Context, input: unknown): Promise<WorkspaceInfo> {
  requirePermission(ctx, 'manage');
  const { app, workspace } = ctx;
  const { name, timezone } = parseInput(workspacePatchSchema, input);
  const updated = await app.db.sql.begin(async (tx) => {
    const [row] = await tx<WorkspaceInfo[]>`
      update workspaces set name = ${name}, timezone = ${timezone} where id = ${workspace.id}
      returning id, slug, name, preset, timezone, simulated`;
    if (row === undefined) throw notFound('workspace');
    await emitAudit(tx, ctx, {
      action: 'workspace.updated',
      targetType: 'workspace',
      targetId: workspace.id,
      metadata: {
        before: { name: workspace.name, timezone: workspace.timezone },
        after: { name, timezone },
      },
    });
    await appendWorkspaceChanged(tx, workspace.id);
    return row;
  });
  app.doorbell.ringFeed();
  return updated;
}
