import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { otherMethods } from '../../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'read');
  const { app, session } = event.locals;
  return app.feed.poll(ctx, {
    url: event.url,
    headers: event.request.headers,
    sessionRowId: session?.rowId ?? null,
  });
});

export const { OPTIONS, fallback } = otherMethods('GET');
