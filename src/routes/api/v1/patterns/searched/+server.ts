import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { patternsVersion, searchFamily } from '#lib/server/services/patterns/index.ts';
import { answerTagged, otherMethods } from '../../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  const version = await patternsVersion(ctx);
  return answerTagged(event, await searchFamily(ctx), [ctx.workspace.id, version]);
});

export const { OPTIONS, fallback } = otherMethods('GET');
