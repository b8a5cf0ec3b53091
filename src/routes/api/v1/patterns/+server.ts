import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { listPatterns } from '#lib/server/services/patterns/index.ts';
import { answerTagged, otherMethods, queryOf } from '../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  const list = await listPatterns(ctx, queryOf(event.url));
  return answerTagged(event.request, list, `${ctx.workspace.id}-${list.asOf}`);
});

export const { OPTIONS, fallback } = otherMethods('GET');
