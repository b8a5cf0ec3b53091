// A stand-in for the app, in a process of its own that tests may kill: starts the embedded PostgreSQL of the
// folder given, says so, and stays.
import { startEmbeddedPostgres } from '../../../src/lib/server/db/embedded/index.ts';

const say = (message: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(message)}\n`);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

try {
  const server = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '', log: silent });
  const stay = setInterval(() => undefined, 60_000);
  process.on('SIGTERM', () => {
    clearInterval(stay);
    void server.stop();
  });
  say({ url: server.url });
} catch (error) {
  say({ refused: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
