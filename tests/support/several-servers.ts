import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/lib/server/db/embedded/index.ts';
import { freePort, removeData, startServer, type RunningServer } from './running-server.ts';

export interface SeveralServers {
  servers: RunningServer[];
  ports: number[];
  databaseUrl: string;
  /** Starts the server at this place again, after it ended. */
  restart(place: number): Promise<void>;
  stop(): Promise<void>;
}

/** Several built servers over one PostgreSQL, which none of them owns: any of them may be killed. */
export async function startServers(count: number, env: Record<string, string> = {}): Promise<SeveralServers> {
  const dataDir = mkdtempSync(join(tmpdir(), 'telltale-several-'));
  const postgres = await startEmbeddedPostgres({
    dataDir,
    log: { info: () => undefined, warn: console.warn, error: console.error },
  });
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const start = (port: number) =>
    startServer({ port, dataDir, env: { DATABASE_URL: postgres.url, TELLTALE_THREADS: '1', ...env } });
  const servers: RunningServer[] = [];
  async function stop() {
    await Promise.all(servers.map((server) => server.end('SIGKILL')));
    await postgres.stop();
    removeData(dataDir);
  }
  try {
    // One after the other: the first makes the tables and the admin.
    for (const port of ports) servers.push(await start(port));
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return {
    servers,
    ports,
    databaseUrl: postgres.url,
    async restart(place) {
      const port = ports[place];
      if (port === undefined) throw new RangeError(`There is no server at ${place}.`);
      servers[place] = await start(port);
    },
    stop,
  };
}
