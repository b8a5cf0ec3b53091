import { authorizeApi, type AuthorizeEvent } from '#lib/server/auth/authorize.ts';
import type { Context } from '#lib/server/context.ts';
import { AppError } from '#lib/server/errors.ts';

/**
 * Context of a reader of the feed. `?user=` names whose page asks: one that was left open when somebody else logged in
 * would otherwise go on with that person's rights. @throws AppError as `authorizeApi` does
 */
export async function authorizeFeed(event: AuthorizeEvent): Promise<Context> {
  const ctx = await authorizeApi(event, 'read');
  const user = event.url.searchParams.get('user');
  if (user !== null && (ctx.actor.type !== 'user' || ctx.actor.id !== user))
    throw new AppError('UNAUTHENTICATED', 'This session is not of the user that the address names.');
  return ctx;
}
