import type { MetricsView } from '#lib/contracts/metrics.ts';
import type { Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { getMetrics } from '../metrics/index.ts';

/**
 * The totals for the frame of every page; null while the log is still being read, because pages that need no figures
 * (settings, account) work then too. @throws AppError FORBIDDEN
 */
export async function readStatus(ctx: Context): Promise<MetricsView | null> {
  try {
    return await getMetrics(ctx);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'UNAVAILABLE') return null;
    throw thrown;
  }
}
