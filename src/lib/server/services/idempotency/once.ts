import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';

/** A request that must have its effect once, however often it is sent. */
export interface Once {
  key: string;
  fingerprint: string;
}

const KEY = /^[\x21-\x7e]{1,200}$/;

/** SHA-256 of the parts, so that the same key with another request is noticed. */
export function fingerprintOf(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(String(part.length)).update(':').update(part);
  return hash.digest('hex');
}

/**
 * The header `Idempotency-Key` of a request with this body; null when there is none.
 * @throws AppError VALIDATION when the key is not 1 to 200 visible ASCII characters
 */
export function onceFromRequest(request: Request, url: URL, body: string): Once | null {
  const key = request.headers.get('idempotency-key');
  if (key === null) return null;
  if (!KEY.test(key)) {
    const message = 'An Idempotency-Key has 1 to 200 visible ASCII characters, such as a UUID.';
    throw new AppError('VALIDATION', message, { issues: [{ path: 'Idempotency-Key', message }] });
  }
  return { key, fingerprint: fingerprintOf(request.method, url.pathname, body) };
}
