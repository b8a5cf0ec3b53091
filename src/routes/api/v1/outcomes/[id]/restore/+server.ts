import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { restoreOutcome } from '#lib/server/services/outcomes/index.ts';
import { limitWrites } from '../../../limit-writes.ts';
import { outcomeFor } from '../../../receipts.ts';
import { answer, otherMethods, revisionFrom } from '../../../respond.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'record');
  await limitWrites(ctx);
  const outcome = await restoreOutcome(ctx, event.params.id, { revision: revisionFrom(event.request) });
  return answer(outcomeFor(ctx, outcome), 200, { etag: `"${outcome.revision}"` });
});

export const { OPTIONS, fallback } = otherMethods('POST');
