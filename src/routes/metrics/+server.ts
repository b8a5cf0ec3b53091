import { apiHandler } from '#lib/server/error-mapping.ts';
import { readMetricsText } from '#lib/server/services/health/index.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async ({ locals }) => {
  const { text, contentType } = await readMetricsText(locals.app);
  return new Response(text, { headers: { 'content-type': contentType, 'cache-control': 'no-store' } });
});
