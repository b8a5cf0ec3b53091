import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { listAttributes } from '#lib/server/services/attributes/index.ts';
import { answer, otherMethods } from '../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  const { asOf, attributes } = await listAttributes(ctx);
  return answer({ asOf, items: attributes });
});

export const { OPTIONS, fallback } = otherMethods('GET');
