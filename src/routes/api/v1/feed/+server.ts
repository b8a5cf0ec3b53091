import { apiHandler } from '#lib/server/error-mapping.ts';
import { streamProblem } from '#lib/server/feed/index.ts';
import { otherMethods } from '../respond.ts';
import { authorizeFeed } from './authorize-feed.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeFeed(event);
  const { app, session } = event.locals;
  return app.feed.open(ctx, {
    url: event.url,
    request: event.request,
    sessionRowId: session?.rowId ?? null,
  });
}, streamProblem);

/** Of its own: made from GET, it would hold a stream open behind an answer without a body. */
export const HEAD: RequestHandler = apiHandler(async (event) => {
  await authorizeFeed(event);
  return event.locals.app.feed.head({ url: event.url, request: event.request });
});

export const { OPTIONS, fallback } = otherMethods('GET');
