import { randomUUID } from 'node:crypto';
import type { RequestEvent, RequestHandler } from '@sveltejs/kit';
import type { App } from '#lib/server/app.ts';
import type { Actor } from '#lib/server/context.ts';

export interface ApiCall {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array | null;
  params?: Record<string, string>;
}

const missing = (name: string) => (): never => {
  throw new Error(`A handler of the API does not use event.${name}.`);
};

/**
 * Calls a handler of the API as the server does, by key or person. What handlers of the API have no business with
 * throws.
 */
export async function callApi(
  handler: (event: never) => Response | Promise<Response>,
  app: App,
  actor: Actor | null,
  path: string,
  { method = 'GET', headers = {}, body = null, params = {} }: ApiCall = {},
): Promise<Response> {
  const url = new URL(path, 'http://localhost:3000');
  const request = new Request(url, {
    method,
    headers: { ...(actor?.type === 'api-key' ? { authorization: 'Bearer tt_test' } : {}), ...headers },
    body: method === 'GET' || method === 'HEAD' ? null : (body as BodyInit | null),
  });
  const event = {
    request,
    url,
    params,
    locals: { app, actor, session: null, requestId: `test-${randomUUID()}`, theme: 'system' },
    getClientAddress: () => '127.0.0.1',
    fetch: missing('fetch'),
    setHeaders: missing('setHeaders'),
    untrack: <T>(act: () => T): T => act(),
  } as unknown as RequestEvent;
  // Every route types its own parameters; the event above has what they name.
  return (handler as unknown as RequestHandler)(event);
}
