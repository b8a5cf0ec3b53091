import { attributePatchSchema } from '#lib/contracts/attribute.ts';
import type { AttributeView } from '#lib/contracts/fold.ts';
import { requirePermission, type Context } from '../../context.ts';
import { conflict } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { waitUntil } from '../../wait-until.ts';
import { findAttribute } from './find-attribute.ts';
import { recordSetting } from './record-setting.ts';

/**
 * Declares how the patterns of an attribute are compared: with outcomes of the same time, or, where the attribute is
 * bound to time, by period. The declaration holds whatever is found later.
 * @returns the attribute, with the new mode once it is in force (else as it was)
 * @throws AppError FORBIDDEN, NOT_FOUND, VALIDATION, or CONFLICT for an attribute that is not searched
 */
export async function declareMode(ctx: Context, key: string, input: unknown): Promise<AttributeView> {
  requirePermission(ctx, 'analyse');
  const { mode } = parseInput(attributePatchSchema, input);
  const { comparison } = await findAttribute(ctx, key);
  if (comparison === null) {
    throw conflict(`${key} is stored and not searched, so nothing is compared by it.`);
  }
  const isSo = (attribute: AttributeView) =>
    attribute.comparison?.mode === mode && attribute.comparison.by === 'person';
  if (comparison.mode !== mode || comparison.by !== 'person') {
    await recordSetting(ctx, { kind: 'attribute.mode', payload: { attribute: key, mode } }, key);
  }
  return waitUntil(() => findAttribute(ctx, key), isSo);
}
