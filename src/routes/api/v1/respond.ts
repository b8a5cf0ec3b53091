import { createHash } from 'node:crypto';
import { version as build } from '$app/environment';
import type { RequestEvent, RequestHandler } from '@sveltejs/kit';
import { AppError, badRequest } from '#lib/server/errors.ts';
import { problemResponse } from '#lib/server/error-mapping.ts';

/** JSON that nobody keeps: it is about one workspace, and changes with every outcome. */
export function answer(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'private, no-store', ...headers },
  });
}

/** The answer of a request that may carry an Idempotency-Key. */
export const answerOnce = (body: unknown, status: number, replayed: boolean): Response =>
  answer(body, status, replayed ? { 'idempotent-replayed': 'true' } : {});

/**
 * JSON with an ETag, or 304 when the client has it. The tag names what the answer was made from, not its bytes: the
 * data of `sources`, what was asked, and the build that answers.
 */
export function answerTagged(
  { request, url }: Pick<RequestEvent, 'request' | 'url'>,
  body: unknown,
  sources: readonly string[],
): Response {
  const madeFrom = JSON.stringify([...sources, url.pathname, url.search, build]);
  const etag = `W/"${createHash('sha256').update(madeFrom).digest('base64url').slice(0, 22)}"`;
  const headers = { etag, 'cache-control': 'private, no-cache' };
  const known = request.headers.get('if-none-match');
  const same = known !== null && known.split(',').some((one) => one.trim() === etag);
  return same ? new Response(null, { status: 304, headers }) : answer(body, 200, headers);
}

/** Parameters of the address as an object; a repeated one counts once, the last. `ws` names the workspace. */
export function queryOf(url: URL): Record<string, string> {
  const query = Object.fromEntries(url.searchParams);
  delete query['ws'];
  return query;
}

/** The revision of `If-Match: "3"`; undefined without the header or for `*`. @throws AppError BAD_REQUEST */
export function revisionFrom(request: Request): number | undefined {
  const header = request.headers.get('if-match')?.trim();
  if (header === undefined || header === '*') return undefined;
  const revision = /^(?:W\/)?"(\d{1,9})"$/.exec(header)?.[1];
  if (revision === undefined) throw badRequest('If-Match is the ETag of the outcome, such as "3".');
  return Number(revision);
}

/** Methods besides those that a route has: OPTIONS says which there are, the rest are refused as problem details. */
export function otherMethods(...methods: readonly string[]): {
  OPTIONS: RequestHandler;
  fallback: RequestHandler;
} {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return {
    // No Access-Control headers: other origins use a key from a server of theirs.
    OPTIONS: () => new Response(null, { status: 204, headers: { allow } }),
    fallback: (event: RequestEvent) => {
      const problem = problemResponse(
        new AppError('METHOD_NOT_ALLOWED', `${event.request.method} is not possible here; ${allow} are.`),
        event.locals.requestId,
      );
      problem.headers.set('allow', allow);
      return problem;
    },
  };
}

/** The answer to a path that the API does not have. */
export const unknownPath = ({ url, locals }: RequestEvent): Response =>
  problemResponse(
    new AppError('NOT_FOUND', `The API has no ${url.pathname}. See /api/v1/openapi.json for what there is.`),
    locals.requestId,
  );
