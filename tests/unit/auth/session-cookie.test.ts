import { describe, expect, it } from 'vitest';
import { cameOverHttps } from '#lib/server/auth/session-cookie.ts';

describe('whether a cookie is marked Secure', () => {
  it('is decided by ORIGIN when there is one', () => {
    expect(cameOverHttps(new Headers({ 'x-forwarded-proto': 'http' }), 'https://tell.example.org')).toBe(
      true,
    );
    expect(cameOverHttps(new Headers({ 'x-forwarded-proto': 'https' }), 'http://localhost:3000')).toBe(false);
  });

  it('is decided by the form’s origin, then by the proxy, and is no without either', () => {
    expect(cameOverHttps(new Headers({ origin: 'https://tell.example.org' }), undefined)).toBe(true);
    expect(cameOverHttps(new Headers({ origin: 'http://localhost:3000' }), undefined)).toBe(false);
    expect(cameOverHttps(new Headers({ 'x-forwarded-proto': 'https, http' }), undefined)).toBe(true);
    expect(cameOverHttps(new Headers(), undefined)).toBe(false);
  });
});
