import type { AttributeView } from '#lib/contracts/fold.ts';
import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';

/** @throws AppError NOT_FOUND for an attribute that this workspace has not recorded */
export async function findAttribute(ctx: Context, key: string): Promise<AttributeView> {
  const knowledge = await ctx.app.folds.of(ctx.workspace.id);
  const found = knowledge.attributes().find((attribute) => attribute.key === key);
  if (found === undefined) throw notFound('attribute');
  return found;
}
