import { createServer, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What becomes of a request: passed on, cut at once, or held without an answer. */
export type Passage = 'pass' | 'cut' | 'hold';

export interface HttpProxy {
  url: string;
  port: number;
  /** Asked for every request, by its path with parameters. */
  passage: (path: string) => Passage;
  /** Cuts what is connected. */
  drop(): void;
  close(): Promise<void>;
}

/** A network between browser and server that tests can break. Passes Host on, so that the server sees one origin. */
export async function startProxy(target: { port: number }): Promise<HttpProxy> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((incoming, outgoing) => {
    const passage = proxy.passage(incoming.url ?? '/');
    if (passage === 'cut') return void incoming.socket.destroy();
    if (passage === 'hold') return;
    const onward = request(
      {
        host: '127.0.0.1',
        port: target.port,
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
        agent: false,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        answer.once('error', () => incoming.socket.destroy());
      },
    );
    onward.once('error', () => incoming.socket.destroy());
    outgoing.once('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const proxy: HttpProxy = {
    url: `http://127.0.0.1:${port}`,
    port,
    passage: () => 'pass',
    drop() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      proxy.drop();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
  return proxy;
}
