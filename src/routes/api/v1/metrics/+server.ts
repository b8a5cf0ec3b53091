import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { getMetrics } from '#lib/server/services/metrics/index.ts';
import { answer, otherMethods } from '../respond.ts';
import type { RequestHandler } from './$types';

/** No ETag: how far behind the figures are changes by itself. */
export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  return answer(await getMetrics(ctx, { history: event.url.searchParams.get('history') === 'true' }));
});

export const { OPTIONS, fallback } = otherMethods('GET');
