import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { patternHistory } from '#lib/server/services/patterns/index.ts';
import { answer, otherMethods, queryOf } from '../../../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  return answer(await patternHistory(ctx, event.params.id, queryOf(event.url)));
});

export const { OPTIONS, fallback } = otherMethods('GET');
