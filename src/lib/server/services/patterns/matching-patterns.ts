import type { PatternView } from '#lib/contracts/pattern.ts';
import type { WorkspaceKnowledge } from '../../app.ts';
import { requirePermission, type Context } from '../../context.ts';
import { AppError } from '../../errors.ts';

/** Each `attribute:value` as the fold knows it (a number as its bin); what it does not know is left out. */
function resolve(knowledge: WorkspaceKnowledge, where: readonly string[]): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const one of where) {
    try {
      const [condition] = knowledge.lookupWhere([one]).item.conditions;
      if (condition !== undefined) known.set(condition.attribute, String(condition.value));
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
    }
  }
  return known;
}

/**
 * The tracked patterns in which an outcome with these attributes counts: how many, and the first `limit` of them by
 * leading. Given as `attribute:value`, any number of them.
 * @throws AppError FORBIDDEN, UNAVAILABLE
 */
export async function matchingPatterns(
  ctx: Context,
  where: readonly string[],
  limit: number,
): Promise<{ asOf: number; total: number; items: PatternView[] }> {
  requirePermission(ctx, 'read');
  const knowledge = await ctx.app.folds.of(ctx.workspace.id);
  return { asOf: knowledge.asOf, ...knowledge.matching(resolve(knowledge, where), limit) };
}
