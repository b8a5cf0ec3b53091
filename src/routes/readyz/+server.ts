import { apiHandler } from '#lib/server/error-mapping.ts';
import { readReadiness } from '#lib/server/services/health/index.ts';
import type { RequestHandler } from './$types';

const headers = { 'cache-control': 'no-store' };

export const GET: RequestHandler = apiHandler(async ({ locals }) => {
  const readiness = await readReadiness(locals.app);
  return Response.json(readiness, { status: readiness.ready ? 200 : 503, headers });
});
