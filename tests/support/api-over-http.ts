import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { App } from '#lib/server/app.ts';
import type { Actor } from '#lib/server/context.ts';
import { GET, POST } from '../../src/routes/api/v1/outcomes/+server.ts';

export interface ServedApi {
  url: string;
  requests: { method: string; idempotencyKey: string | null }[];
  /** Answers the next requests itself, with these statuses, before any reaches the product; 0 breaks the connection. */
  failNext(...statuses: number[]): void;
  close(): Promise<void>;
}

/** The product's own route of outcomes behind a real HTTP server, for commands that talk to it. */
export async function serveOutcomesApi(app: App, actor: Actor): Promise<ServedApi> {
  const requests: ServedApi['requests'] = [];
  const failing: number[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET' } = incoming;
    requests.push({ method, idempotencyKey: incoming.headers['idempotency-key']?.toString() ?? null });
    const status = failing.shift();
    if (status === 0) return void incoming.socket.destroy();
    if (status !== undefined) return void outgoing.writeHead(status, { 'retry-after': '0' }).end('{}');
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const request = new Request(url, {
      method,
      headers: Object.entries(incoming.headers).map(
        ([name, value]) => [name, String(value)] as [string, string],
      ),
      ...(method === 'POST' ? { body: Readable.toWeb(incoming) as unknown as BodyInit, duplex: 'half' } : {}),
    } as RequestInit);
    const event = {
      request,
      url,
      params: {},
      locals: { app, actor, session: null, requestId: 'test' },
      getClientAddress: () => '127.0.0.1',
    };
    const handle = (method === 'POST' ? POST : GET) as unknown as (event: unknown) => Promise<Response>;
    handle(event)
      .then(async (response) => {
        outgoing.writeHead(response.status, Object.fromEntries(response.headers));
        outgoing.end(await response.text());
      })
      .catch((thrown: unknown) => outgoing.writeHead(500).end(String(thrown)));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    failNext: (...statuses) => void failing.push(...statuses),
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
