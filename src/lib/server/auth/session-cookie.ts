import type { RequestEvent } from '@sveltejs/kit';
import { SESSION_COOKIE } from './lucia.ts';

/** Browsers keep no cookie longer. The session's own end is in the database, so the cookie is written only once. */
const COOKIE_SECONDS = 400 * 24 * 3600;

/**
 * Whether the browser itself speaks https with us. `event.url` cannot tell: without ORIGIN adapter-node always says
 * https. A form's Origin header can, since the cross-site check has matched its host with ours.
 */
export function cameOverHttps(headers: Headers, origin: string | undefined): boolean {
  if (origin !== undefined) return origin.startsWith('https:');
  const sent = headers.get('origin');
  if (sent !== null && sent !== 'null') return sent.startsWith('https:');
  return headers.get('x-forwarded-proto')?.split(',')[0]?.trim() === 'https';
}

/** Gives the browser of this request its new session. */
export function logInCookie(
  event: Pick<RequestEvent, 'cookies' | 'request' | 'locals'>,
  session: { token: string },
): void {
  const secure = cameOverHttps(event.request.headers, event.locals.app.env.ORIGIN);
  event.cookies.set(SESSION_COOKIE, session.token, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    maxAge: COOKIE_SECONDS,
  });
}

/** Takes the session from the browser of this request. */
export function logOutCookie(event: Pick<RequestEvent, 'cookies' | 'request' | 'locals'>): void {
  const secure = cameOverHttps(event.request.headers, event.locals.app.env.ORIGIN);
  event.cookies.delete(SESSION_COOKIE, { path: '/', httpOnly: true, sameSite: 'lax', secure });
}
