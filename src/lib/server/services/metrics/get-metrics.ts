import type { MetricsView } from '#lib/contracts/metrics.ts';
import { requirePermission, type Context } from '../../context.ts';

/** The totals of the workspace as of the last applied position. @throws AppError FORBIDDEN, UNAVAILABLE */
export async function getMetrics(ctx: Context, options: { history?: boolean } = {}): Promise<MetricsView> {
  requirePermission(ctx, 'read');
  return (await ctx.app.folds.of(ctx.workspace.id)).metrics(options);
}
