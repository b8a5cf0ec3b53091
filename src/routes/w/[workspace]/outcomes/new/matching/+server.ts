import { authorizePage } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { matchingPatterns } from '#lib/server/services/patterns/index.ts';
import type { RequestHandler } from './$types';

const MATCHING = 3;

/** In which patterns an outcome with these attributes counts; the form asks while it is filled in. */
export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizePage(event, event.params.workspace ?? '', 'read');
  const matching = await matchingPatterns(ctx, event.url.searchParams.getAll('where').slice(0, 64), MATCHING);
  return Response.json(matching, { headers: { 'cache-control': 'private, no-store' } });
});
