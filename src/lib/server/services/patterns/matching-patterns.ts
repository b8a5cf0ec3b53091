import type { PatternView } from '#lib/contracts/pattern.ts';
import { parseWhere } from '#lib/domain/outcomes/parse-where.ts';
import { requirePermission, type Context } from '../../context.ts';

/**
 * The tracked patterns in which an outcome with these attributes counts: how many, and the first `limit` of them by
 * leading. Given as `attribute:value` with values as recorded, any number of them; what is no such text is left out.
 * @throws AppError FORBIDDEN, UNAVAILABLE
 */
export async function matchingPatterns(
  ctx: Context,
  where: readonly string[],
  limit: number,
): Promise<{ asOf: number; total: number; items: PatternView[] }> {
  requirePermission(ctx, 'read');
  const knowledge = await ctx.app.folds.of(ctx.workspace.id);
  const has = where
    .map(parseWhere)
    .flatMap((one) => (one === null ? [] : [[one.attribute, one.value] as const]));
  return { asOf: knowledge.asOf, ...knowledge.matching(new Map(has), limit) };
}
