import { requirePermission, type Context } from '../../context.ts';
import { readCursor } from '../../event-log/index.ts';

/**
 * Where the feed stands now. A page reads it before its figures: what happens in between comes a second time and
 * changes nothing, while the other order would lose it. Figures read after it are of the history that it names.
 * @throws AppError FORBIDDEN
 */
export async function feedCursor(ctx: Context): Promise<string> {
  requirePermission(ctx, 'read');
  const { db, folds } = ctx.app;
  const cursor = await readCursor(db.sql);
  await folds.readApplied(db.sql, ctx.workspace.id);
  return cursor;
}
