import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { pinConditions } from '#lib/server/services/patterns/index.ts';
import { limitWrites } from '../../limit-writes.ts';
import { parseJsonBody, readBody } from '../../request-body.ts';
import { answer, otherMethods } from '../../respond.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'analyse');
  await limitWrites(ctx);
  return answer(await pinConditions(ctx, parseJsonBody(await readBody(event.request))));
});

export const { OPTIONS, fallback } = otherMethods('POST');
