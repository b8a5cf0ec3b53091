import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { choosePattern } from '#lib/server/services/patterns/index.ts';
import { limitWrites } from '../../../limit-writes.ts';
import { answer, otherMethods } from '../../../respond.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'analyse');
  await limitWrites(ctx);
  return answer(await choosePattern(ctx, event.params.id, 'retire'));
});

export const { OPTIONS, fallback } = otherMethods('POST');
