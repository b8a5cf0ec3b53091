import { requirePermission, type Context } from '../../context.ts';
import { conflict } from '../../errors.ts';
import { findAttribute } from './find-attribute.ts';
import { recordSetting } from './record-setting.ts';

/**
 * Cuts a number into bins from the values seen so far instead of waiting for the first 500.
 * @throws AppError FORBIDDEN, NOT_FOUND, or CONFLICT when it is not collecting or has no value yet
 */
export async function cutAttribute(ctx: Context, key: string): Promise<void> {
  requirePermission(ctx, 'analyse');
  const attribute = await findAttribute(ctx, key);
  if (attribute.state !== 'collecting') throw conflict(`${key} does not wait for its bins.`);
  if (!attribute.collected) throw conflict(`${key} has no counted value yet, so there is nothing to cut.`);
  await recordSetting(ctx, { kind: 'attribute.cut', payload: { attribute: key } }, key);
}
