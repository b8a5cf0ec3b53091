import type { Issue } from '#lib/contracts/problem.ts';

/**
 * Headers of a stream. The charset is for Python's requests, which otherwise reads ISO-8859-1; X-Accel-Buffering
 * keeps proxies from holding events back, and the adapter does not add it when a charset is given. `resume`: none for a
 * client that is sent away.
 */
export const streamHeaders = (resume?: 'ok' | 'reset' | 'fresh'): Record<string, string> => ({
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  ...(resume === undefined ? {} : { 'x-feed-resume': resume }),
});

export function jsonResponse(body: string | null): Response {
  return new Response(body, {
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}

/** 400: the address itself is wrong, so that a client stops instead of trying again. */
export function badRequest(issues: readonly Issue[]): Response {
  const problem = {
    type: 'urn:telltale:problem:validation',
    title: 'Invalid parameters',
    status: 400,
    detail: issues.map((issue) => issue.message).join(' '),
    code: 'VALIDATION',
    issues,
  };
  return new Response(JSON.stringify(problem), {
    status: 400,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  });
}
