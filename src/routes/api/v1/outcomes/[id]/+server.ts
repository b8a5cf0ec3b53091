import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { correctOutcome, deleteOutcome, getOutcome } from '#lib/server/services/outcomes/index.ts';
import { limitWrites } from '../../limit-writes.ts';
import { outcomeFor } from '../../receipts.ts';
import { parseJsonBody, readBody } from '../../request-body.ts';
import { answer, otherMethods, revisionFrom } from '../../respond.ts';
import type { RequestHandler } from './$types';

const tagged = (outcome: { revision: number }) => answer(outcome, 200, { etag: `"${outcome.revision}"` });

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  return tagged(await getOutcome(ctx, event.params.id));
});

export const PATCH: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'record');
  await limitWrites(ctx);
  const patch = parseJsonBody(await readBody(event.request));
  const options = { revision: revisionFrom(event.request) };
  return tagged(outcomeFor(ctx, await correctOutcome(ctx, event.params.id, patch, options)));
});

export const DELETE: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'record');
  await limitWrites(ctx);
  const options = { revision: revisionFrom(event.request) };
  return tagged(outcomeFor(ctx, await deleteOutcome(ctx, event.params.id, options)));
});

export const { OPTIONS, fallback } = otherMethods('GET', 'PATCH', 'DELETE');
