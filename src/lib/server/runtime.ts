import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { App } from './app.ts';
import { bootstrapFromEnv, prepareSetup } from './services/identity/index.ts';
import { openDatabase, type Database } from './db/client.ts';
import { startEmbeddedPostgres } from './db/embedded/index.ts';
import { migrate } from './db/migrate.ts';
import { readEnv, type Env } from './env.ts';
import { StartupError, coerceError } from './errors.ts';
import { createDoorbell, createPartitionKeeper, createSequencer } from './event-log/index.ts';
import { createFeedHub } from './feed/index.ts';
import { createLimits } from './limits.ts';
import { logger } from './logger.ts';
import { createFoldPool, WorkspaceFolds } from './recalculation/index.ts';
import { createSnapshotSource } from './services/feed/index.ts';
import { createFlags } from './services/flags/index.ts';
import { createImportRunner } from './services/imports/index.ts';
import { createInstanceBeat } from './services/instances/index.ts';
import { createPresenceTracker } from './services/presence/index.ts';
import { createSelfCheckRunner } from './services/self-check/index.ts';
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

function checkedEnv(): Env {
  try {
    return readEnv();
  } catch (thrown) {
    throw new StartupError(coerceError(thrown).message);
  }
}

interface Store {
  db: Database;
  /** Names the folder of the data where it is ours. */
  folder: () => string | null;
}

async function openStore(env: Env, started: Started): Promise<Store> {
  let url = env.DATABASE_URL;
  let folder: Store['folder'] = () => null;
  if (url === undefined) {
    const dataDir = resolve(root(), env.TELLTALE_DATA);
    const postgres = started.add(await startEmbeddedPostgres({ dataDir, log: logAsText }));
    ({ url, folderIdentity: folder } = postgres);
  }
  await migrate(url, resolve(root(), 'drizzle'));
  const db = openDatabase(url, { max: env.TELLTALE_DB_POOL });
  started.add({ stop: () => db.end() });
  return { db, folder };
}

const logAsText = {
  info: (message: string) => logger.info(message),
  warn: (message: string) => logger.warn(message),
  error: (message: string) => logger.error(message),
};

/** What has been started, to be stopped in reverse order. */
class Started {
  readonly #stops: (() => unknown)[] = [];
  #stopping: Promise<void> | null = null;

  /** Keeps a part whose `start` has returned. */
  add<T extends { stop(): unknown }>(part: T): T {
    this.#stops.push(() => part.stop());
    return part;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    for (const stop of this.#stops.reverse()) {
      try {
        await stop();
      } catch (thrown) {
        logger.error({ err: coerceError(thrown) }, 'a part did not stop cleanly');
      }
    }
  }
}

/** Starts everything, in order. @throws StartupError with a message for the person at the terminal */
export async function startRuntime(): Promise<Runtime> {
  const started = new Started();
  try {
    return await startParts(started);
  } catch (thrown) {
    await started.stop();
    throw thrown;
  }
}

async function startParts(started: Started): Promise<Runtime> {
  const env = checkedEnv();
  const { db, folder } = await openStore(env, started);
  const instance = `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`;
  const now = () => Date.now();

  const partitions = started.add(createPartitionKeeper({ db, retentionDays: env.TELLTALE_FEED_DAYS }));
  await partitions.start();
  const doorbell = started.add(createDoorbell({ url: db.url, instance, redisUrl: env.REDIS_URL }));
  await doorbell.start();
  const pool = started.add(createFoldPool({ root: root(), threads: env.TELLTALE_THREADS, logger }));
  const sequencer = started.add(createSequencer({ url: db.url, doorbell, folder }));
  const folds = started.add(new WorkspaceFolds({ db, pool, doorbell, logger, env, instance, now }));
  const flags = started.add(createFlags({ db }));
  await flags.start();
  const snapshots = createSnapshotSource({ db, folds });
  const streaming = { allows: flags.streamingFor, onChange: flags.onChange };
  const readings = started.add(createPresenceTracker({ db, doorbell, instance }));
  const feed = started.add(
    createFeedHub({ db, doorbell, env, snapshots, streaming, readings, sequencing: () => sequencer.leading }),
  );
  const draining = new AbortController();
  // One for each open stream, which is no leak.
  setMaxListeners(0, draining.signal);
  const limits = createLimits(env);
  const app: App = {
    db,
    env,
    doorbell,
    folds,
    feed,
    flags,
    limits,
    draining: draining.signal,
    instance,
    now,
  };

  await bootstrapFromEnv(app);
  const setupToken = await prepareSetup(app);
  await sequencer.start();
  await feed.start();
  readings.start();
  folds.start();
  started.add(createImportRunner(app)).start();
  started.add(createSimulationRunner(app)).start();
  started.add(createSelfCheckRunner(app)).start();
  await started.add(createInstanceBeat(app)).start();

  return {
    app,
    drain: () => {
      draining.abort();
      return feed.drain();
    },
    stop: () => started.stop(),
    setupUrl: (base) =>
      Promise.resolve(setupToken === null ? null : `${base}/setup?token=${encodeURIComponent(setupToken)}`),
  };
}
