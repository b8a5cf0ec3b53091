import { authorizePage } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { patternTrajectory } from '#lib/server/services/patterns/index.ts';
import type { RequestHandler } from './$types';

/** Its evidence along the log; a card asks for it when it is opened. */
export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizePage(event, event.params.workspace ?? '', 'read');
  const trajectory = await patternTrajectory(ctx, event.params.id ?? '');
  return Response.json(trajectory, { headers: { 'cache-control': 'private, no-store' } });
});
