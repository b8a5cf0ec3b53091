import { apiHandler } from '#lib/server/error-mapping.ts';
import { otherMethods } from '../../respond.ts';
import { authorizeFeed } from '../authorize-feed.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeFeed(event);
  const { app, session } = event.locals;
  return app.feed.poll(ctx, {
    url: event.url,
    request: event.request,
    sessionRowId: session?.rowId ?? null,
  });
});

/** Of its own: made from GET, it would wait for an event. */
export const HEAD: RequestHandler = apiHandler(async (event) => {
  await authorizeFeed(event);
  return event.locals.app.feed.pollHead({ url: event.url, request: event.request });
});

export const { OPTIONS, fallback } = otherMethods('GET');
