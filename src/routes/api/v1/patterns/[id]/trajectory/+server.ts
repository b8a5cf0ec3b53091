import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { patternTrajectory } from '#lib/server/services/patterns/index.ts';
import { answer, otherMethods } from '../../../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  return answer(await patternTrajectory(ctx, event.params.id));
});

export const { OPTIONS, fallback } = otherMethods('GET');
