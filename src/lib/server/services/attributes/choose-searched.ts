import { z } from 'zod';
import { MAX_SEARCHED } from '#lib/contracts/identity.ts';
import { requirePermission, type Context } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { recordSetting } from './record-setting.ts';

const inputSchema = z.object({
  attributes: z
    .array(z.string())
    .min(1, 'Choose at least one attribute to search.')
    .max(MAX_SEARCHED, `At most ${MAX_SEARCHED} attributes are searched.`),
});

/**
 * Chooses which attributes are searched for patterns. The log is then counted anew, which takes a moment.
 * @returns false when these are searched already
 * @throws AppError FORBIDDEN or VALIDATION
 */
export async function chooseSearched(ctx: Context, input: unknown): Promise<boolean> {
  requirePermission(ctx, 'analyse');
  const wanted = new Set(parseInput(inputSchema, input).attributes);
  const known = (await ctx.app.folds.of(ctx.workspace.id)).attributes();
  const unknown = [...wanted].filter((key) => !known.some((attribute) => attribute.key === key));
  if (unknown.length > 0) {
    throw invalid([{ path: 'attributes', message: `There is no attribute ${unknown.join(', ')} here.` }]);
  }
  // In the order in which they are known, so that the same choice is the same setting.
  const attributes = known.filter(({ key }) => wanted.has(key)).map(({ key }) => key);
  const searched = known.filter((attribute) => attribute.searched).map(({ key }) => key);
  if (searched.length === attributes.length && searched.every((key) => wanted.has(key))) return false;
  await recordSetting(ctx, { kind: 'attribute.choose', payload: { attributes } }, null);
  return true;
}
