// npm run dev: Vite with the same data folder, database and first page as npm start.
import { ensureInstalled } from './lib/install.mjs';
import { give, loadSettings, requireNode } from './lib/project.mjs';

requireNode();
loadSettings();
await ensureInstalled();
const { createServer } = await import('vite');

const server = await createServer({
  server: {
    host: process.env['HOST'] || '127.0.0.1',
    port: Number(process.env['PORT'] || 3000),
    strictPort: true,
  },
});
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

try {
  await server.listen();
} catch (error) {
  give(error instanceof Error ? error.message : String(error));
}
const base =
  server.resolvedUrls?.local[0]?.replace('127.0.0.1', 'localhost').replace(/\/$/, '') ??
  'http://localhost:3000';
// In development Kit starts the app at the first request.
const answer = await fetch(new URL('/healthz', server.resolvedUrls?.local[0] ?? base));
if (!answer.ok) console.error(`The app answers ${answer.status} at /healthz; see above for why.`);
console.log(`Telltale is ready: ${new URL((await runtime()?.setupUrl(base)) ?? '/', base).href}`);

/** @returns {import('./serve.mjs').Runtime | undefined} */
function runtime() {
  return Reflect.get(globalThis, Symbol.for('telltale.runtime'));
}

let stopping = false;

async function stop() {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), 12_000).unref();
  await runtime()?.drain();
  await server.close();
  await runtime()?.stop();
  process.exit(0);
}
