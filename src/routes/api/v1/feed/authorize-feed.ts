import { authorizeApi, type AuthorizeEvent } from '#lib/server/auth/authorize.ts';
import type { Context } from '#lib/server/context.ts';
import { AppError, badRequest } from '#lib/server/errors.ts';

/**
 * Context of a reader of the feed. `?user=` names whose page asks: one that was left open when somebody else logged in
 * would otherwise go on with that person's rights.
 * @throws AppError as `authorizeApi` does, but BAD_REQUEST for an address that names no workspace: readers take that,
 * and no 422, for final
 */
export async function authorizeFeed(event: AuthorizeEvent): Promise<Context> {
  const ctx = await authorizeApi(event, 'read').catch((thrown: unknown) => {
    const isInvalid = thrown instanceof AppError && thrown.code === 'VALIDATION';
    throw isInvalid ? badRequest(thrown.message, thrown.issues) : thrown;
  });
  const user = event.url.searchParams.get('user');
  if (user !== null && (ctx.actor.type !== 'user' || ctx.actor.id !== user))
    throw new AppError('UNAUTHENTICATED', 'This session is not of the user that the address names.');
  return ctx;
}
