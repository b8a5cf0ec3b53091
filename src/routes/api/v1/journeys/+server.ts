import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { onceFromRequest } from '#lib/server/services/idempotency/index.ts';
import { listJourneys, openJourney } from '#lib/server/services/journeys/index.ts';
import { limitWrites } from '../limit-writes.ts';
import { parseJsonBody, readBody } from '../request-body.ts';
import { answer, answerOnce, otherMethods, queryOf } from '../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  return answer(await listJourneys(ctx, queryOf(event.url)));
});

export const POST: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'record');
  await limitWrites(ctx);
  const body = await readBody(event.request);
  const once = onceFromRequest(event.request, event.url, body);
  const { journey, replayed } = await openJourney(ctx, parseJsonBody(body), once);
  return answerOnce(journey, 201, replayed);
});

export const { OPTIONS, fallback } = otherMethods('GET', 'POST');
