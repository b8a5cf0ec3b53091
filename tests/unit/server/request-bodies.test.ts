import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundBody } from '#lib/server/bound-body.ts';
import { problemResponse } from '#lib/server/error-mapping.ts';
import { readBody } from '../../../src/routes/api/v1/request-body.ts';
import { sendSlowly, serveRequests, type RequestServer } from '../../support/http-once.ts';

const MEGABYTE = Buffer.alloc(1024 * 1024, 120);
const megabytes = (count: number) => Array.from({ length: count }, () => MEGABYTE);
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const json = { 'content-type': 'application/json' };
const long = (count: number) => ({ 'content-length': String(count * MEGABYTE.length) });

let server: RequestServer;

beforeAll(async () => {
  server = await serveRequests(async (request) => {
    const { pathname } = new URL(request.url);
    try {
      const bounded = await boundBody(request, pathname);
      if (pathname.startsWith('/api/')) return new Response(String((await readBody(bounded)).length));
      return new Response(String((await bounded.arrayBuffer()).byteLength));
    } catch (thrown) {
      return problemResponse(thrown, 'test');
    }
  });
});
afterAll(() => server.close());

describe('the body of a request', () => {
  it.each([
    ['a form, its length said', '/login', { ...form, ...long(2) }, 2],
    ['a form of unknown length', '/login', form, 3],
    ['a form for another method or page of imports', '/w/bank/outcomes/import/1', { ...form, ...long(2) }, 2],
    ['JSON, its length said', '/api/v1/outcomes', { ...json, ...long(17) }, 17],
    ['JSON of unknown length', '/api/v1/outcomes', json, 20],
  ])('is refused in words when it is too large: %s', async (_what, path, headers, count) => {
    const { status, text } = await sendSlowly(`${server.url}${path}`, headers, megabytes(count));
    expect(status).toBe(413);
    expect(text).toContain('MB');
  });

  it.each([
    ['a form', '/login', form, ['theme=dark'], 10],
    ['a form of a megabyte', '/login', { ...form, ...long(1) }, megabytes(1), MEGABYTE.length],
    ['JSON of 16 MB', '/api/v1/outcomes', json, megabytes(16), 16 * MEGABYTE.length],
    ['an upload', '/w/bank/outcomes/import', { ...form, ...long(20) }, megabytes(20), 20 * MEGABYTE.length],
  ])('is read whole within the limit: %s', async (_what, path, headers, pieces, size) => {
    expect(await sendSlowly(`${server.url}${path}`, headers, pieces)).toMatchObject({
      status: 200,
      text: String(size),
    });
  });
});
