// Stands between the app and its embedded PostgreSQL, in a session of its own. Standard input is a pipe that only
// the app holds: when it closes, however the app ended, PostgreSQL is stopped cleanly. Until then PostgreSQL is
// started again whenever it dies. Plain JavaScript, since it runs beside both the bundled server and tsx.
import { spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} GuardConfig
 * @property {string} postgres
 * @property {string[]} args
 * @property {string} clusterDir
 * @property {string} logFile
 * @property {Record<string, string>} env
 * @property {number} [uid]
 * @property {number} [gid]
 */

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const LOG_CHECK_MS = 60_000;
const READY_POLL_MS = 10;
const FIRST_RETRY_MS = 30;
const LAST_RETRY_MS = 3_000;
/** Fast shutdown ends with a checkpoint; past this the immediate one leaves the rest to crash recovery. */
const FAST_SHUTDOWN_MS = 20_000;

/** @type {GuardConfig} */
const config = JSON.parse(process.argv[2] ?? '{}');
/** @type {import('node:child_process').ChildProcess | null} */
let postgres = null;
let stopping = false;
let wasReady = false;
let retryMs = FIRST_RETRY_MS;
/** @type {NodeJS.Timeout | undefined} */
let retry;

// The app decides when PostgreSQL ends, and it says so by the pipe: a SIGTERM to everything must not come first.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
process.stdout.on('error', () => undefined);
process.stdin.on('error', stop).on('end', stop).on('close', stop).resume();
setInterval(() => rotate('truncate'), LOG_CHECK_MS).unref();
// One turn later a pipe that is closed already has said so, and PostgreSQL need not start at all.
setImmediate(start);

function start() {
  if (stopping) return;
  rotate('rename');
  const log = openSync(config.logFile, 'a', 0o600);
  const logFrom = statSync(config.logFile).size;
  const child = spawn(config.postgres, config.args, {
    cwd: config.clusterDir,
    env: config.env,
    stdio: ['ignore', log, log],
    detached: true,
    ...(config.uid === undefined ? {} : { uid: config.uid, gid: config.gid }),
  });
  closeSync(log);
  postgres = child;
  let spawnError = '';
  let ready = false;
  const poll = setInterval(() => {
    if (child.pid === undefined || !isReady(child.pid)) return;
    clearInterval(poll);
    ready = true;
    wasReady = true;
    retryMs = FIRST_RETRY_MS;
    tell({ type: 'ready', pid: child.pid });
  }, READY_POLL_MS);

  child.on('error', (error) => (spawnError = `FATAL: ${error.message}`));
  child.on('close', (code, signal) => {
    clearInterval(poll);
    postgres = null;
    if (stopping) process.exit(0);
    const output = spawnError === '' ? readLog(logFrom) : spawnError;
    if (!wasReady) {
      tell({ type: 'failed', output });
      process.exitCode = 1;
      process.stdin.destroy();
      return;
    }
    tell({ type: 'restarting', cause: signal ?? `exit code ${code}`, output: ready ? '' : output });
    retry = setTimeout(start, retryMs);
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  });
}

function stop() {
  if (stopping) return;
  stopping = true;
  clearTimeout(retry);
  if (postgres === null) process.exit();
  postgres.kill('SIGINT');
  setTimeout(() => postgres?.kill('SIGQUIT'), FAST_SHUTDOWN_MS).unref();
}

/** @param {number} pid */
function isReady(pid) {
  try {
    const lines = readFileSync(join(config.clusterDir, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** @param {'rename' | 'truncate'} how renaming is exact; truncating is for when PostgreSQL has the file open */
function rotate(how) {
  const size = statSync(config.logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size < LOG_LIMIT_BYTES) return;
  try {
    if (how === 'rename') return renameSync(config.logFile, `${config.logFile}.1`);
    copyFileSync(config.logFile, `${config.logFile}.1`);
  } catch (error) {
    tell({ type: 'warning', message: `The PostgreSQL log was cut, not kept: ${error}` });
  }
  truncateSync(config.logFile);
}

/** @param {number} from */
function readLog(from) {
  const file = openSync(config.logFile, 'r');
  try {
    const buffer = Buffer.alloc(16_384);
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, from));
  } finally {
    closeSync(file);
  }
}

/** @param {Record<string, unknown>} message */
function tell(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
