import type { FoldCheckList } from '#lib/contracts/fold-check.ts';
import { requirePermission, type Context } from '../../context.ts';
import { readChecks } from '../../recalculation/index.ts';
import { toFoldCheckView } from './fold-check-view.ts';

const SHOWN = 20;

/** The last checks of the workspace's state against its log, newest first. @throws AppError FORBIDDEN */
export async function readFoldChecks(ctx: Context): Promise<FoldCheckList> {
  requirePermission(ctx, 'read');
  const items = (await readChecks(ctx.app.db.sql, ctx.workspace.id, SHOWN)).map(toFoldCheckView);
  return { running: items.find(({ state }) => state === 'running') ?? null, items };
}
