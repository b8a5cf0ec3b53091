import type { RequestEvent } from '@sveltejs/kit';
import { forbidden } from '../errors.ts';
import { bearerToken } from './api-key-token.ts';
import { SESSION_COOKIE } from './lucia.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** What a form on any page of the web can send without asking us first. */
const FORM_TYPES = new Set(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']);

function hostOf(address: string): string | null {
  return URL.canParse(address) ? new URL(address).host : null;
}

/** Origin's host against Host and ORIGIN's host; without an origin, what the browser itself says (FINE-PRINT 29). */
export function isSameSite(headers: Headers, configuredOrigin: string | undefined): boolean {
  const origin = headers.get('origin');
  if (origin === null || origin === 'null') return headers.get('sec-fetch-site') === 'same-origin';
  const host = hostOf(origin);
  if (host === null) return false;
  return (
    host === headers.get('host')?.toLowerCase() ||
    (configuredOrigin !== undefined && host === hostOf(configuredOrigin))
  );
}

/**
 * Refuses writes that another site made the browser send: those with our cookie, and plain forms without one, so
 * that nobody is logged in as somebody else. A request with a Bearer key cannot be forged that way and is exempt.
 * @throws AppError FORBIDDEN
 */
export function refuseCrossSite(
  event: Pick<RequestEvent, 'request' | 'cookies'>,
  configuredOrigin: string | undefined,
): void {
  const { method, headers } = event.request;
  if (SAFE_METHODS.has(method) || bearerToken(headers) !== null) return;
  const contentType = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (event.cookies.get(SESSION_COOKIE) === undefined && !FORM_TYPES.has(contentType)) return;
  if (isSameSite(headers, configuredOrigin)) return;
  throw forbidden(
    'This form was sent from another site, so nothing was saved. Open the page here and send it again.',
  );
}
