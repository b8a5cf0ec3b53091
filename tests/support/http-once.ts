import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequest, setResponse } from '@sveltejs/kit/node';

export interface RequestServer {
  url: string;
  close(): Promise<void>;
}

/** Requests over a real connection, made as the production server makes them; what throws breaks the connection. */
export async function serveRequests(answer: (request: Request) => Promise<Response>): Promise<RequestServer> {
  const server = createServer((incoming, outgoing) => {
    getRequest({ request: incoming, base: 'http://localhost', bodySizeLimit: 260 * 1024 * 1024 })
      .then(answer)
      .then((response) => setResponse(outgoing, response))
      .catch(() => outgoing.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

export interface Sent {
  status: number;
  type: string;
  text: string;
}

/** Sends a body in pieces, as fast as the connection takes them, and reads the answer only when all is sent. */
export function sendSlowly(
  url: string,
  headers: Record<string, string>,
  pieces: Iterable<Uint8Array | string>,
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, { method: 'POST', headers });
    outgoing.on('error', reject);
    const answered = new Promise<Sent>((got) => {
      outgoing.on('response', (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        incoming.on('end', () =>
          got({ status: incoming.statusCode ?? 0, type: incoming.headers['content-type'] ?? '', text }),
        );
      });
    });
    (async () => {
      for (const piece of pieces) {
        if (!outgoing.write(piece)) await new Promise((next) => outgoing.once('drain', next));
      }
      outgoing.end();
      resolve(await answered);
    })().catch(reject);
  });
}
