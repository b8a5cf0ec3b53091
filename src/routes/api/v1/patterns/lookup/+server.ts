import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { lookupPattern, patternsVersion } from '#lib/server/services/patterns/index.ts';
import { answerTagged, otherMethods } from '../../respond.ts';
import type { RequestHandler } from './$types';

/** The shape of the list, with the one conjunction that was asked for. */
export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  const version = await patternsVersion(ctx);
  const { asOf, item } = await lookupPattern(ctx, event.url.searchParams.getAll('where'));
  return answerTagged(event, { asOf, total: 1, items: [item], next: null }, [ctx.workspace.id, version]);
});

export const { OPTIONS, fallback } = otherMethods('GET');
