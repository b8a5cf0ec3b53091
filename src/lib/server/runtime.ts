import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { App } from './app.ts';
import { bootstrapFromEnv, prepareSetup } from './services/identity/index.ts';
import { openDatabase, type Database } from './db/client.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './db/embedded/index.ts';
import { migrate } from './db/migrate.ts';
import { readEnv, type Env } from './env.ts';
import { StartupError, coerceError } from './errors.ts';
import { createDoorbell, createPartitionKeeper, createSequencer } from './event-log/index.ts';
import { createFeedHub } from './feed/index.ts';
import { createLimits } from './limits.ts';
import { logger } from './logger.ts';
import { createFoldPool, WorkspaceFolds } from './recalculation/index.ts';
import { createImportRunner } from './services/imports/index.ts';
import { createSimulationRunner } from './services/simulation/index.ts';

/** The running server. There is one per process; only `hooks.ts` and scripts see it. */
export interface Runtime {
  app: App;
  /** Ends the streams, so that open connections do not hold the shutdown. */
  drain(): Promise<void>;
  /** Stops everything in order: intake, streams, pool, database. */
  stop(): Promise<void>;
  /** Where a new installation is set up, with its one-time token; null when there is somebody to log in. */
  setupUrl(base: string): Promise<string | null>;
}

const root = () => process.env['TELLTALE_ROOT'] ?? process.cwd();

async function openStore(env: Env): Promise<{ db: Database; embedded: EmbeddedPostgres | null }> {
  const embedded =
    env.DATABASE_URL === undefined
      ? await startEmbeddedPostgres({ dataDir: resolve(root(), env.TELLTALE_DATA), log: logAsText })
      : null;
  const url = embedded?.url ?? env.DATABASE_URL ?? '';
  try {
    await migrate(url, resolve(root(), 'drizzle'));
    return { db: openDatabase(url, { max: env.TELLTALE_DB_POOL }), embedded };
  } catch (thrown) {
    await embedded?.stop();
    throw thrown;
  }
}

const logAsText = {
  info: (message: string) => logger.info(message),
  warn: (message: string) => logger.warn(message),
  error: (message: string) => logger.error(message),
};

/** Starts everything, in order. @throws StartupError with a message for the person at the terminal */
export async function startRuntime(): Promise<Runtime> {
  let env: Env;
  try {
    env = readEnv();
  } catch (thrown) {
    throw new StartupError(coerceError(thrown).message);
  }
  const { db, embedded } = await openStore(env);
  const instance = `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`;
  const now = () => Date.now();

  const partitions = createPartitionKeeper({ db, retentionDays: env.TELLTALE_FEED_DAYS });
  await partitions.start();
  const doorbell = createDoorbell({ url: db.url, instance });
  await doorbell.start();
  const pool = createFoldPool({ root: root(), threads: env.TELLTALE_THREADS, logger });
  const folds = new WorkspaceFolds({ db, pool, doorbell, logger, env, instance, now });
  const sequencer = createSequencer({ url: db.url, doorbell });
  const feed = createFeedHub({ db, doorbell, env, sequencing: () => sequencer.leading });
  const app: App = { db, env, doorbell, folds, feed, limits: createLimits(env), instance, now };

  await bootstrapFromEnv(app);
  const setupToken = await prepareSetup(app);
  await sequencer.start();
  await feed.start();
  folds.start();
  const imports = createImportRunner(app);
  const simulation = createSimulationRunner(app);
  imports.start();
  simulation.start();

  let stopping: Promise<void> | null = null;
  const stop = async () => {
    await Promise.all([imports.stop(), simulation.stop()]);
    await feed.stop();
    await folds.stop();
    await pool.stop();
    await sequencer.stop();
    await doorbell.stop();
    await partitions.stop();
    await db.end();
    await embedded?.stop();
  };
  return {
    app,
    drain: () => feed.drain(),
    stop: () => (stopping ??= stop()),
    setupUrl: (base) =>
      Promise.resolve(setupToken === null ? null : `${base}/setup?token=${encodeURIComponent(setupToken)}`),
  };
}
