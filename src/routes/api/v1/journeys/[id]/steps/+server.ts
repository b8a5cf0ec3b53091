import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { onceFromRequest } from '#lib/server/services/idempotency/index.ts';
import { addJourneyStep } from '#lib/server/services/journeys/index.ts';
import { limitWrites } from '../../../limit-writes.ts';
import { journeyFor } from '../../../receipts.ts';
import { parseJsonBody, readBody } from '../../../request-body.ts';
import { answerOnce, otherMethods } from '../../../respond.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'record');
  await limitWrites(ctx);
  const body = await readBody(event.request);
  const once = onceFromRequest(event.request, event.url, body);
  const { journey, replayed } = await addJourneyStep(ctx, event.params.id, parseJsonBody(body), once);
  return answerOnce(journeyFor(ctx, journey), 201, replayed);
});

export const { OPTIONS, fallback } = otherMethods('POST');
