import { randomBytes } from 'node:crypto';
import { sha256 } from './sha256.ts';

/** `tt_` and at least 32 url-safe characters. */
export const API_KEY_FORM = /^tt_[A-Za-z0-9_-]{32,200}$/;
const SHOWN_CHARACTERS = 9;

export interface ApiKeyToken {
  /** The whole key: shown once, never stored. */
  key: string;
  hash: string;
  /** First characters, to tell keys apart. */
  prefix: string;
}

export const hashApiKey = (key: string): string => sha256(key);

export function describeApiKey(key: string): ApiKeyToken {
  return { key, hash: hashApiKey(key), prefix: key.slice(0, SHOWN_CHARACTERS) };
}

/** A new key with 256 random bits. */
export const createApiKeyToken = (): ApiKeyToken =>
  describeApiKey(`tt_${randomBytes(32).toString('base64url')}`);

/** The token of `Authorization: Bearer …`; an empty string when the header says Bearer and nothing else. */
export function bearerToken(headers: Headers): string | null {
  const header = headers.get('authorization');
  if (header === null) return null;
  const match = /^Bearer(?:\s+(.*))?$/i.exec(header.trim());
  return match === null ? null : (match[1] ?? '').trim();
}
