import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { getPattern } from '#lib/server/services/patterns/index.ts';
import { answerTagged, otherMethods } from '../../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  const { asOf, item } = await getPattern(ctx, event.params.id);
  return answerTagged(event.request, { asOf, ...item }, `${ctx.workspace.id}-${asOf}`);
});

export const { OPTIONS, fallback } = otherMethods('GET');
