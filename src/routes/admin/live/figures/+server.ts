import { authorizeOperator } from '#lib/server/auth/operators.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { readInstallation } from '../read-installation.server.ts';
import type { RequestHandler } from './$types';

/** The figures of the page again, for the page itself: installation-wide, so not part of a workspace's API. */
export const GET: RequestHandler = apiHandler(async (event) => {
  const figures = await readInstallation(await authorizeOperator(event));
  return new Response(JSON.stringify(figures), {
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
});
