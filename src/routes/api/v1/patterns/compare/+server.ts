import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { comparePatterns, patternsVersion } from '#lib/server/services/patterns/index.ts';
import { answerTagged, otherMethods, queryOf } from '../../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  const version = await patternsVersion(ctx);
  const comparison = await comparePatterns(ctx, queryOf(event.url));
  return answerTagged(event, comparison, [ctx.workspace.id, version]);
});

export const { OPTIONS, fallback } = otherMethods('GET');
