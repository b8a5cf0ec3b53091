import type { RequestEvent } from '@sveltejs/kit';
import type { App } from '../app.ts';
import type { Actor, SessionInfo } from '../context.ts';
import { bearerToken } from './api-key-token.ts';
import { refuseCrossSite } from './cross-site.ts';
import { SESSION_COOKIE } from './lucia.ts';
import { readSession } from './sessions.ts';
import { verifyApiKey } from './verify-api-key.ts';

const NOBODY = { actor: null, session: null };

/**
 * Who sends this request: the holder of a key, a person with a session, or nobody. A request that shows a key is
 * judged by the key alone, even when it carries a cookie too.
 * @throws AppError FORBIDDEN for a write that another site made the browser send
 */
export async function authenticate({
  app,
  event,
}: {
  app: App;
  event: Pick<RequestEvent, 'request' | 'cookies'>;
}): Promise<{ actor: Actor | null; session: SessionInfo | null }> {
  const key = bearerToken(event.request.headers);
  if (key !== null) return { actor: await verifyApiKey(app.db, key), session: null };
  refuseCrossSite(event, app.env.ORIGIN);
  const token = event.cookies.get(SESSION_COOKIE);
  if (token === undefined) return NOBODY;
  const found = await readSession(app.db.sql, token);
  if (found === null) return NOBODY;
  return { actor: { type: 'user', ...found.user }, session: found.session };
}
