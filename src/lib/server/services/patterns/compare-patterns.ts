import { compareQuerySchema, type PatternComparison } from '#lib/contracts/pattern-insight.ts';
import { requirePermission, type Context } from '../../context.ts';
import { invalid, notFound } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';

/**
 * Two patterns side by side: how much they share, and how far their rates are apart.
 * @throws AppError VALIDATION, FORBIDDEN, NOT_FOUND, UNAVAILABLE
 */
export async function comparePatterns(ctx: Context, input: unknown): Promise<PatternComparison> {
  requirePermission(ctx, 'read');
  const { ids } = parseInput(compareQuerySchema, input);
  const [one, other, ...more] = ids.split(',').map((id) => id.trim());
  if (!one || !other || more.length > 0 || one === other) {
    throw invalid([{ path: 'ids', message: 'Name two different patterns, such as ids=p_one,p_other.' }]);
  }
  const { insight } = await ctx.app.folds.of(ctx.workspace.id);
  const comparison = insight.compare(one, other);
  if (comparison === null) throw notFound('pattern');
  return comparison;
}
