import { requirePermission, type Context } from '../../context.ts';
import { readCursor } from '../../event-log/index.ts';

/**
 * Where the feed stands now. A page reads it before its figures: what happens in between comes a second time and
 * changes nothing, while the other order would lose it. @throws AppError FORBIDDEN
 */
export async function feedCursor(ctx: Context): Promise<string> {
  requirePermission(ctx, 'read');
  return readCursor(ctx.app.db.sql);
}
