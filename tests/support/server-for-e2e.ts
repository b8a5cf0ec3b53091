import { removeData, startServer } from './running-server.ts';

/** One server for all browser tests; tests that kill theirs start their own. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const server = await startServer({
    port: Number(process.env['TELLTALE_E2E_PORT'] ?? 4173),
    // A test opens hundreds of streams one after the other; the limit itself is tested elsewhere.
    env: { TELLTALE_STREAM_OPENS_PER_SECOND: '1000' },
  });
  return async () => {
    await server.end();
    removeData(server.dataDir);
  };
}
