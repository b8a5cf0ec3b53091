import type { SearchFamily } from '#lib/contracts/pattern-insight.ts';
import { requirePermission, type Context } from '../../context.ts';

/** All that was searched, and what of the error budget that has cost. @throws AppError FORBIDDEN, UNAVAILABLE */
export async function searchFamily(ctx: Context): Promise<SearchFamily> {
  requirePermission(ctx, 'read');
  return (await ctx.app.folds.of(ctx.workspace.id)).insight.family();
}
