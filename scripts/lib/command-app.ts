import { resolve } from 'node:path';
import type { App } from '#lib/server/app.ts';
import { openDatabase } from '#lib/server/db/client.ts';
import { connectOrStart } from '#lib/server/db/embedded/index.ts';
import { migrate } from '#lib/server/db/migrate.ts';
import { readEnv } from '#lib/server/env.ts';
import { AppError, coerceError } from '#lib/server/errors.ts';
import { loadSettings, root } from './project.mjs';

/** What only a running server has. Using it in a command is a mistake, so it says so. */
function onlyInServer<T extends object>(part: string): T {
  const refuse = () => {
    throw new Error(`A command has no ${part}.`);
  };
  return new Proxy({}, { get: refuse }) as T;
}

/**
 * The application as a command needs it: the database, and bells that nobody hears. A running server finds what a
 * command wrote by its own polling.
 */
async function openCommandApp(): Promise<{ app: App; close(): Promise<void> }> {
  loadSettings();
  const env = readEnv();
  const quiet = { info: () => undefined, warn: console.error, error: console.error };
  const server =
    env.DATABASE_URL === undefined
      ? await connectOrStart({ dataDir: resolve(root, env.TELLTALE_DATA), log: quiet })
      : { url: env.DATABASE_URL, stop: () => Promise.resolve() };
  const nothing = () => undefined;
  try {
    await migrate(server.url, resolve(root, 'drizzle'));
  } catch (thrown) {
    await server.stop();
    throw thrown;
  }
  const db = openDatabase(server.url, { max: 2 });
  return {
    app: {
      db,
      env,
      doorbell: {
        ringLog: nothing,
        ringFeed: nothing,
        onLog: () => nothing,
        onFeed: () => nothing,
        ringSequenced: nothing,
        onSequenced: () => nothing,
      },
      folds: onlyInServer('fold'),
      limits: onlyInServer('limits'),
      feed: { ...onlyInServer<App['feed']>('feed'), recheck: nothing },
      // A running server reads them again within two seconds.
      flags: { ...onlyInServer<App['flags']>('flags'), refresh: () => Promise.resolve() },
      draining: new AbortController().signal,
      instance: 'command-line',
      now: () => Date.now(),
    },
    async close() {
      await db.end();
      await server.stop();
    },
  };
}

const wordsOf = (error: Error): string => {
  if (!(error instanceof AppError) || error.issues.length === 0) return error.message;
  return error.issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n');
};

/**
 * Runs a command over the database, and ends with a message instead of a stack when it is refused.
 * @param failed exit code of a command that could not do its work
 */
export async function withCommandApp(act: (app: App) => Promise<void>, failed = 1): Promise<void> {
  try {
    const { app, close } = await openCommandApp();
    try {
      await act(app);
    } finally {
      await close();
    }
  } catch (thrown) {
    const error = coerceError(thrown);
    const expected = error instanceof AppError || ('expose' in error && error.expose === true);
    console.error(expected ? wordsOf(error) : error.stack);
    process.exitCode = failed;
  }
}

/** Columns under each other, two spaces apart. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
