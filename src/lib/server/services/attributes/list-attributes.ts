import type { AttributeView } from '#lib/contracts/fold.ts';
import { requirePermission, type Context } from '../../context.ts';

/** Every attribute of the workspace as of `asOf`, searched ones first. @throws AppError FORBIDDEN or UNAVAILABLE */
export async function listAttributes(ctx: Context): Promise<{ asOf: number; attributes: AttributeView[] }> {
  requirePermission(ctx, 'read');
  const knowledge = await ctx.app.folds.of(ctx.workspace.id);
  const attributes = knowledge.attributes();
  return {
    asOf: knowledge.asOf,
    attributes: [...attributes].sort((a, b) => Number(b.searched) - Number(a.searched)),
  };
}
