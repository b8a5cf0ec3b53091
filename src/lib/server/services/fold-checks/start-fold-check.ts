import type { FoldCheckView } from '#lib/contracts/fold-check.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requirePermission, type Context } from '../../context.ts';
import { conflict } from '../../errors.ts';
import { readFoldChecks } from './read-fold-checks.ts';

/**
 * Begins a refold of the log, at low priority, to be compared with the state that figures are read from. It goes on
 * by itself: `readFoldChecks` says how far it is and what it found.
 * @throws AppError FORBIDDEN, or CONFLICT while one runs
 */
export async function startFoldCheck(ctx: Context): Promise<FoldCheckView> {
  requirePermission(ctx, 'manage');
  const { app, workspace, actor } = ctx;
  const begun = await app.folds.check(workspace.id, actor.name);
  if (begun === null) throw conflict('A check of this workspace is running already.');
  await app.db.sql.begin((tx) =>
    emitAudit(tx, ctx, {
      action: 'log.verified',
      targetType: 'workspace',
      targetId: workspace.id,
    }),
  );
  app.doorbell.ringFeed();
  const { items } = await readFoldChecks(ctx);
  const check = items.find(({ id }) => id === begun.id);
  if (check === undefined) throw new Error('A check that has begun cannot be found.');
  return check;
}
