import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { cancelSelfCheck, readSelfChecks, startSelfCheck } from '#lib/server/services/self-check/index.ts';
import { limitWrites } from '../limit-writes.ts';
import { parseJsonBody, readBody } from '../request-body.ts';
import { answer, otherMethods } from '../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  return answer(await readSelfChecks(ctx));
});

/** Without a body: with everything as it is by default. */
export const POST: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'analyse');
  await limitWrites(ctx);
  const text = await readBody(event.request);
  return answer(await startSelfCheck(ctx, text.trim() === '' ? {} : parseJsonBody(text)), 202);
});

export const DELETE: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'analyse');
  await limitWrites(ctx);
  return answer(await cancelSelfCheck(ctx));
});

export const { OPTIONS, fallback } = otherMethods('GET', 'POST', 'DELETE');
