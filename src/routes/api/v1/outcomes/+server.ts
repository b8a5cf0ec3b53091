import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { onceFromRequest } from '#lib/server/services/idempotency/index.ts';
import { listOutcomes, recordOutcomesOnce } from '#lib/server/services/outcomes/index.ts';
import { limitWrites } from '../limit-writes.ts';
import { outcomesOfBody, readBody } from '../request-body.ts';
import { answer, answerOnce, otherMethods, queryOf } from '../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  return answer(await listOutcomes(ctx, queryOf(event.url)));
});

export const POST: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'record');
  await limitWrites(ctx);
  const body = await readBody(event.request);
  const once = onceFromRequest(event.request, event.url, body);
  const inputs = outcomesOfBody(body, event.request.headers.get('content-type'));
  const { reply, replayed } = await recordOutcomesOnce(ctx, inputs, { source: 'api' }, once);
  return answerOnce(reply, 201, replayed);
});

export const { OPTIONS, fallback } = otherMethods('GET', 'POST');
