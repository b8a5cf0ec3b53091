import { readAddress, toPatternQuery } from '#lib/contracts/pattern-address.ts';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { listPatterns } from '#lib/server/services/patterns/index.ts';
import type { RequestHandler } from './$types';

/** More rows of the patterns page, asked for in the page's own address; `under`: those folded under this one. */
export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizePage(event, event.params.workspace ?? '', 'read');
  const { searchParams } = event.url;
  const under = searchParams.get('under');
  const query = toPatternQuery(readAddress(searchParams));
  const list = await listPatterns(
    ctx,
    under === null
      ? query
      : { explainedBy: under, sort: query['sort'], order: query['order'], limit: query['limit'] },
  );
  return Response.json(list, { headers: { 'cache-control': 'private, no-store' } });
});
