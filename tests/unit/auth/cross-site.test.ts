import type { Cookies } from '@sveltejs/kit';
import { describe, expect, it } from 'vitest';
import { refuseCrossSite } from '#lib/server/auth/cross-site.ts';
import { AppError } from '#lib/server/errors.ts';

interface Case {
  method?: string;
  cookie?: boolean;
  origin?: string;
  host?: string;
  configured?: string;
  headers?: Record<string, string>;
}

function allowed({
  method = 'POST',
  cookie = true,
  origin,
  host = 'localhost:3000',
  configured,
  headers = {},
}: Case): boolean {
  // A plain object instead of Headers, which drops Host and Origin.
  const all = new Map(Object.entries({ host, ...(origin === undefined ? {} : { origin }), ...headers }));
  const event = {
    request: { method, headers: { get: (name: string) => all.get(name) ?? null } } as unknown as Request,
    cookies: { get: (name: string) => (cookie && name === 'tt_session' ? 'token' : undefined) } as Cookies,
  };
  try {
    refuseCrossSite(event, configured);
    return true;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'FORBIDDEN') return false;
    throw thrown;
  }
}

describe('writes with a cookie', () => {
  it('work on plain http without ORIGIN, on localhost and on 127.0.0.1', () => {
    expect(allowed({ origin: 'http://localhost:3000' })).toBe(true);
    expect(allowed({ origin: 'http://127.0.0.1:3000', host: '127.0.0.1:3000' })).toBe(true);
    expect(allowed({ origin: 'https://tell.example.org', host: 'tell.example.org' })).toBe(true);
  });

  it('work behind a proxy that changes Host when ORIGIN names the address', () => {
    const proxied = { origin: 'https://tell.example.org', host: '10.0.0.5:3000' };
    expect(allowed({ ...proxied, configured: 'https://tell.example.org' })).toBe(true);
    expect(allowed(proxied)).toBe(false);
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['another port', { origin: 'http://localhost:8080' }],
    ['a host that only starts alike', { origin: 'http://localhost:3000.evil.example' }],
    ['an origin that is no address', { origin: 'evil' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['no origin at all', {}],
    ['no origin, and the browser says cross-site', { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['no origin, and the browser says same-site', { headers: { 'sec-fetch-site': 'same-site' } }],
  ])('are refused from %s', (_, request) => {
    expect(allowed(request)).toBe(false);
  });

  it('are allowed without an origin when the browser says same-origin', () => {
    expect(allowed({ headers: { 'sec-fetch-site': 'same-origin' } })).toBe(true);
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'POST'])('are checked for %s', (method) => {
    expect(allowed({ method, origin: 'https://evil.example' })).toBe(false);
  });
});

describe('other requests', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('%s is never refused', (method) => {
    expect(allowed({ method, origin: 'https://evil.example' })).toBe(true);
  });

  it('with a Bearer key are exempt, also when a cookie came along', () => {
    expect(allowed({ origin: 'https://evil.example', headers: { authorization: 'Bearer tt_x' } })).toBe(true);
  });

  it('without a cookie are refused when they are a plain form, so that nobody is logged in by another site', () => {
    const form = { cookie: false, origin: 'https://evil.example' };
    expect(allowed({ ...form, headers: { 'content-type': 'application/x-www-form-urlencoded' } })).toBe(
      false,
    );
    expect(allowed({ ...form, headers: { 'content-type': 'application/json' } })).toBe(true);
  });
});
