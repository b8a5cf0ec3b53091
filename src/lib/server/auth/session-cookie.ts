import type { Cookies } from '@sveltejs/kit';
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

export function setSessionCookie(cookies: Cookies, token: string, options: { secure: boolean }): void {
  cookies.set(SESSION_COOKIE, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: options.secure,
    maxAge: COOKIE_SECONDS,
  });
}

export function clearSessionCookie(cookies: Cookies, options: { secure: boolean }): void {
  cookies.delete(SESSION_COOKIE, { path: '/', httpOnly: true, sameSite: 'lax', secure: options.secure });
}
