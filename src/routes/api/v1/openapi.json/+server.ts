import { createHash } from 'node:crypto';
import { openApiDocument } from '#lib/contracts/openapi.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { otherMethods } from '../respond.ts';
import type { RequestHandler } from './$types';

/** Public: it says nothing about any workspace. */
export const GET: RequestHandler = apiHandler((event) => {
  const body = JSON.stringify(openApiDocument(event.url.origin));
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const headers = { etag, 'cache-control': 'public, no-cache' };
  if (event.request.headers.get('if-none-match') === etag)
    return new Response(null, { status: 304, headers });
  return new Response(body, { headers: { ...headers, 'content-type': 'application/json' } });
});

export const { OPTIONS, fallback } = otherMethods('GET');
