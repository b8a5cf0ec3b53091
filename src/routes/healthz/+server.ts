import { apiHandler } from '#lib/server/error-mapping.ts';
import { readHealth } from '#lib/server/services/health/index.ts';
import type { RequestHandler } from './$types';

const headers = { 'cache-control': 'no-store' };

/** 503 only when the database is down: without it nothing can be answered. */
export const GET: RequestHandler = apiHandler(async ({ locals }) => {
  const health = await readHealth(locals.app);
  return Response.json(health, { status: health.database.state === 'up' ? 200 : 503, headers });
});
