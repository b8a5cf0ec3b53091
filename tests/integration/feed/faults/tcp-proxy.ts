import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface ProxyManners {
  /** Ends a connection after so many bytes of the answer; asked anew for each. Null: lets it live. */
  cutAfter?: () => number | null;
  /** Each part of the answer arrives so much later. */
  delayMs?: number;
  /** Nothing of an answer arrives before it has ended. */
  holdsBack?: boolean;
  /** Ends a connection on which nothing was answered for so long. */
  idleMs?: number;
  /** Of the answer, to each client. */
  bytesPerSecond?: number;
  /** Speaks HTTP/1.0 to the server, which then cannot send its answer in chunks. */
  http10?: boolean;
  /** Turns a connection away before it is used. */
  refuses?: () => boolean;
}

/** A TCP proxy that can be as bad as real ones. */
export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<{ client: Socket; upstream: Socket; frozen: boolean }>();
  readonly #target: { host: string; port: number };
  manners: ProxyManners;
  /** Connections that were made. */
  connections = 0;

  private constructor(target: { host: string; port: number }, manners: ProxyManners) {
    this.#target = target;
    this.manners = manners;
    this.#server = createServer((client) => this.#join(client));
  }

  static async start(url: string, manners: ProxyManners = {}): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy({ host: hostname, port: Number(port) }, manners);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** The same address through the proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = '127.0.0.1';
    changed.port = String((this.#server.address() as AddressInfo).port);
    return changed.href;
  }

  /** Whatever is on its way in the connections there are stays there, and neither side is told. */
  freeze(): void {
    for (const pair of this.#pairs) {
      pair.frozen = true;
      pair.client.pause();
      pair.upstream.pause();
    }
  }

  /** Ends every connection there is. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const { manners } = this;
    this.connections += 1;
    client.on('error', () => undefined);
    if (manners.refuses?.() === true) return void client.resetAndDestroy();
    const upstream = connect(this.#target);
    upstream.on('error', () => undefined);
    const pair = { client, upstream, frozen: false };
    this.#pairs.add(pair);
    let left = manners.cutAfter?.() ?? Number.POSITIVE_INFINITY;
    let held: Buffer[] = [];
    let line = Promise.resolve();
    if (manners.idleMs !== undefined) {
      upstream.setTimeout(manners.idleMs, () => client.end(() => upstream.destroy()));
    }
    client.on('data', (chunk: Buffer) => {
      if (pair.frozen) return;
      upstream.write(
        manners.http10 === true
          ? Buffer.from(chunk.toString('latin1').replace(' HTTP/1.1\r\n', ' HTTP/1.0\r\n'), 'latin1')
          : chunk,
      );
    });
    upstream.on('data', (chunk: Buffer) => {
      if (pair.frozen) return;
      if (manners.holdsBack === true) return void held.push(chunk);
      const part = chunk.subarray(0, Math.max(0, left));
      left -= chunk.length;
      if (manners.bytesPerSecond !== undefined) {
        upstream.pause();
        setTimeout(() => upstream.resume(), (chunk.length / manners.bytesPerSecond) * 1_000);
      }
      const ends = left <= 0;
      const due = performance.now() + (manners.delayMs ?? 0);
      line = line.then(async () => {
        if (manners.delayMs !== undefined)
          await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
        if (ends) client.end(part);
        else client.write(part);
      });
      if (ends) upstream.destroy();
    });
    upstream.on('close', () => {
      if (pair.frozen) return;
      if (held.length > 0) client.write(Buffer.concat(held));
      held = [];
      void line.then(() => client.end());
      this.#pairs.delete(pair);
    });
    client.on('close', () => {
      if (pair.frozen) return;
      upstream.destroy();
      this.#pairs.delete(pair);
    });
  }
}
