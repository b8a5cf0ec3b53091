// The production server around SvelteKit's handler. Binds first, so that a taken port is found before any data is
// touched; then starts the app, which happens while the handler is imported (hooks.server.ts, init).
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fillHeaders, tellAdapter, trustedProxies } from './lib/forwarded.mjs';
import { firstParent, give, loadSettings, requireNode, root, say } from './lib/project.mjs';

/**
 * What hooks.server.ts leaves for us.
 * @typedef {object} Runtime
 * @property {() => Promise<void>} drain ends the streams
 * @property {() => Promise<void>} stop pool, then database
 * @property {(base: string) => Promise<string | null>} setupUrl where the first user is made, while there is none
 */

/** Requests that are not streams may end within this time of the signal, or while the streams do. */
const REQUESTS_MS = 4_000;
const SHUTDOWN_MS = 12_000;
/** The server of before may still be closing, or its kernel be cleaning up after a kill. */
const PORT_WAIT_MS = 2_000;
const PARENT_POLL_MS = 100;
/** npm passes a Ctrl-C on that the terminal has already sent: that is still the first one. */
const SAME_SIGNAL_MS = 1_000;

requireNode();
loadSettings();
const env = process.env;
env['NODE_ENV'] ??= 'production';
// A form with the largest file that an import takes (256 MB) is a little longer than the file.
env['BODY_SIZE_LIMIT'] ??= '260M';
if (env['ORIGIN'] === '') delete env['ORIGIN'];
if (env['ORIGIN'] !== undefined && !isOrigin(env['ORIGIN'])) {
  give(
    `ORIGIN must be the address in the browser, such as https://telltale.example.com, not ${env['ORIGIN']}.`,
  );
}
tellAdapter(env);
const hops = trustedProxies(env['TRUST_PROXY']);
if (hops === null) give(`TRUST_PROXY must be the number of proxies in front, not ${env['TRUST_PROXY']}.`);
const host = env['HOST'] || '127.0.0.1';
const wantedPort = Number(env['PORT'] || 3000);
if (!Number.isInteger(wantedPort) || wantedPort < 0 || wantedPort > 65_535) {
  give(`PORT must be a number from 0 to 65535, not ${env['PORT']}.`);
}
const handlerFile = join(root, 'build', 'handler.js');
if (!existsSync(handlerFile)) give('There is no build yet: run "npm start", or "npm run build" first.');

// A rejection that nobody waits for must not take everybody's streams down; a half-done throw may.
process.on('unhandledRejection', (reason) => console.error('Unhandled rejection:', reason));
process.on('uncaughtException', (error) => {
  console.error('Uncaught exception:', error);
  process.exit(1);
});

/** @type {((request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse, next: () => void) => unknown) | null} */
let handler = null;

const server = createServer((request, response) => {
  if (handler === null) {
    // To an EventSource any status but 200 means never to come back; a broken connection means to try again.
    if (wantsStream(request)) {
      request.socket.destroy();
      return;
    }
    response
      .writeHead(503, { 'content-type': 'text/plain', 'retry-after': '1' })
      .end('Telltale is starting.\n');
    return;
  }
  fillHeaders(request, hops);
  Promise.resolve(handler(request, response, () => response.writeHead(404).end())).catch((error) => {
    console.error('A request failed:', error);
    if (response.headersSent) response.destroy();
    else response.writeHead(500).end();
  });
});
// Longer than the idle limit of common proxies, which must be the ones to close.
server.keepAliveTimeout = 65_000;
// Uploads of any length, and streams, are bounded by the app itself.
server.requestTimeout = 0;

/** @type {number | null} */
let stoppingSince = null;
process.on('SIGTERM', () => shutDown('SIGTERM'));
process.on('SIGINT', () => shutDown('SIGINT'));
watchNpm();

const port = await listen();
await loadApp();
if (stoppingSince === null) console.log(`Telltale is ready: ${await firstUrl()}`);

/** @param {import('node:http').IncomingMessage} request */
function wantsStream({ url = '', headers }) {
  return url.split('?')[0] === '/api/v1/feed' || (headers.accept ?? '').includes('text/event-stream');
}

/** @param {string} text */
function isOrigin(text) {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** @returns {Promise<number>} */
function listen() {
  const deadline = Date.now() + PORT_WAIT_MS;
  return new Promise((resolve) => {
    server.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code !== 'EADDRINUSE' || Date.now() > deadline) give(explainListenError(error));
      setTimeout(() => server.listen(wantedPort, host), 100);
    });
    server.once('listening', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : wantedPort);
    });
    server.listen(wantedPort, host);
  });
}

/** A kill -9 of npm reaches nobody below it, and would leave a server that nobody knows of. */
function watchNpm() {
  if (env['npm_lifecycle_event'] === undefined) return;
  const watch = setInterval(() => {
    if (process.ppid === firstParent) return;
    clearInterval(watch);
    shutDown('npm is gone');
  }, PARENT_POLL_MS);
  watch.unref();
}

/** @param {NodeJS.ErrnoException} error */
function explainListenError(error) {
  if (error.code === 'EADDRINUSE') {
    return `Port ${wantedPort} on ${host} is in use. Stop what uses it, or choose another: PORT=${wantedPort + 1} npm start`;
  }
  if (error.code === 'EACCES')
    return `Port ${wantedPort} needs more rights. Choose one above 1023: PORT=3000 npm start`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return `HOST=${host} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for every network.`;
  }
  return `Port ${wantedPort} on ${host} could not be opened: ${error.message}`;
}

async function loadApp() {
  try {
    const app = await import(pathToFileURL(handlerFile).href);
    handler = app.handler;
  } catch (error) {
    const forPeople =
      error instanceof Error &&
      (('expose' in error && error.expose === true) || error.name === 'StartupError');
    if (forPeople) give(error.message);
    console.error(error);
    give('Telltale could not start.');
  }
}

/** @returns {Runtime | undefined} */
function runtime() {
  return Reflect.get(globalThis, Symbol.for('telltale.runtime'));
}

async function firstUrl() {
  const everywhere = ['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost'].includes(host);
  const name = everywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  const base = env['ORIGIN'] ?? `http://${name}:${port}`;
  const setup = await runtime()?.setupUrl(base);
  return new URL(setup ?? '/', base).href;
}

/** @param {string} cause */
function shutDown(cause) {
  if (stoppingSince !== null) {
    if (Date.now() - stoppingSince < SAME_SIGNAL_MS) return;
    process.exit(1);
  }
  stoppingSince = Date.now();
  // Nothing is served yet: the guard of the database ends it as soon as we are gone.
  if (handler === null) process.exit(0);
  say(`Stopping (${cause}) …`);
  setTimeout(() => {
    console.error('Stopping took too long.');
    process.exit(1);
  }, SHUTDOWN_MS).unref();
  stop().then(
    () => process.exit(0),
    (error) => {
      console.error('Stopping failed:', error);
      process.exit(1);
    },
  );
}

async function stop() {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  await runtime()?.drain();
  const left = Math.max(0, REQUESTS_MS - (Date.now() - (stoppingSince ?? 0)));
  const late = setTimeout(() => server.closeAllConnections(), left);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
  await runtime()?.stop();
}
