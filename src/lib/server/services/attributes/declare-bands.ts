import { bandsInputSchema } from '#lib/contracts/identity.ts';
import { requirePermission, type Context } from '../../context.ts';
import { conflict } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { findAttribute } from './find-attribute.ts';
import { recordSetting } from './record-setting.ts';

/**
 * Gives a number bands of one's own choice; they hold for all outcomes, also past ones, which are counted anew.
 * @throws AppError FORBIDDEN, NOT_FOUND, VALIDATION, or CONFLICT for an attribute that is no number
 */
export async function declareBands(ctx: Context, key: string, input: unknown): Promise<void> {
  requirePermission(ctx, 'analyse');
  const { edges, labels } = parseInput(bandsInputSchema, input);
  const attribute = await findAttribute(ctx, key);
  if (attribute.type !== 'number') throw conflict(`${key} is not a number, so it has no bands.`);
  const payload = { attribute: key, edges, ...(labels === undefined ? {} : { labels }) };
  await recordSetting(ctx, { kind: 'attribute.bands', payload }, key);
}
