import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Served {
  bytes: Buffer;
  /** The connection ends after the bytes, as a lost one does; left open otherwise. */
  ends: boolean;
  requests: IncomingHttpHeaders[];
}

/** Serves bytes as event streams, to any origin; and an empty page at /. */
export class ByteServer {
  readonly #served: Served[] = [];
  /** Preflight requests, which a browser makes for headers that are not safe. */
  preflights = 0;
  readonly #http: Server = createServer((request, response) => {
    if (request.method === 'OPTIONS') this.preflights += 1;
    if (request.url === '/') return void response.writeHead(200, { 'content-type': 'text/html' }).end();
    const served = this.#served[Number(request.url?.slice(1))];
    if (served === undefined || request.method !== 'GET') return void response.writeHead(404).end();
    served.requests.push(request.headers);
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'access-control-allow-origin': '*',
    });
    if (served.ends) response.end(served.bytes);
    else response.write(served.bytes);
    return undefined;
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
  }
  get origin(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }
  /** A stream with these bytes: its address, and the headers of those who asked for it. */
  serve(bytes: Buffer, options: { ends?: boolean } = {}): { url: string; requests: IncomingHttpHeaders[] } {
    const served: Served = { bytes, ends: options.ends ?? false, requests: [] };
    this.#served.push(served);
    return { url: `${this.origin}/${this.#served.length - 1}`, requests: served.requests };
  }
  stop(): void {
    this.#http.closeAllConnections();
    this.#http.close();
  }
}
