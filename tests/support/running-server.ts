import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const projectRoot = resolve(import.meta.dirname, '../..');
export const ADMIN = { email: 'admin@example.org', password: 'correct horse battery' };
export const API_KEY = 'tt_for-tests-only-0123456789abcdefghijklmnop';
export const WORKSPACE = 'calls';

export async function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address !== null && typeof address === 'object' ? done(address.port) : fail(new Error('no port')),
      );
    });
  });
}

export interface RunningServer {
  url: string;
  dataDir: string;
  process: ChildProcess;
  output: () => string;
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the whole process group at once, Postgres included. */
  killGroup(): Promise<void>;
  api(path: string, init?: RequestInit): Promise<Response>;
}

const ended = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise<void>((done) => child.once('exit', () => done()));

/** Starts the built server as people run it, on a data folder of its own. */
export async function startServer(
  options: { dataDir?: string; port?: number; env?: Record<string, string>; fresh?: boolean } = {},
): Promise<RunningServer> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'telltale-'));
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const admin =
    options.fresh === true
      ? {}
      : {
          TELLTALE_ADMIN_EMAIL: ADMIN.email,
          TELLTALE_ADMIN_PASSWORD: ADMIN.password,
          TELLTALE_WORKSPACE: WORKSPACE,
          TELLTALE_API_KEY: API_KEY,
        };
  const child = spawn(process.execPath, ['scripts/serve.mjs'], {
    cwd: projectRoot,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PORT: String(port),
      TELLTALE_DATA: dataDir,
      LOG_LEVEL: 'warn',
      ...admin,
      ...options.env,
    },
  });
  let text = '';
  const readyLine = new Promise<string>((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`The server did not start within 90 s:\n${text}`)), 90_000);
    const listen = (chunk: Buffer) => {
      text += chunk.toString();
      const found = /Telltale is ready: (\S+)/.exec(text)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      done(found);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(new Error(`The server ended with ${code} before it was ready:\n${text}`));
    });
  });
  await readyLine;
  return {
    url,
    dataDir,
    process: child,
    output: () => text,
    async end(signal = 'SIGTERM') {
      child.kill(signal);
      await ended(child);
    },
    async killGroup() {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await ended(child);
    },
    api: (path, init = {}) =>
      fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${API_KEY}`, ...init.headers } }),
  };
}

export function removeData(dataDir: string): void {
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
}

/** Waits for a condition with a deadline. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false>,
  deadlineMs = 60_000,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  let last: unknown = null;
  while (Date.now() < end) {
    try {
      const value = await probe();
      if (value !== null && value !== undefined && value !== false) return value;
    } catch (thrown) {
      last = thrown;
    }
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error(
    `Waited ${deadlineMs} ms in vain for: ${what}${last instanceof Error ? ` (${last.message})` : ''}`,
  );
}
