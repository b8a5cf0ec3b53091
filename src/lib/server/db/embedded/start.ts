import { chownSync, mkdirSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { chooseAccount } from './account.ts';
import { prepareBinaries } from './binaries.ts';
import {
  checkCluster,
  createCluster,
  folderOf,
  identityOfCluster,
  ownCluster,
  readPassword,
  resetPassword,
  type Folder,
} from './cluster.ts';
import { acquireOwnerLock, type OwnerLock, type OwnerRole } from './owner-lock.ts';
import { writePort } from './port.ts';
import { settleFormerPostgres } from './postmaster.ts';
import { errorCode, explainFileError, StartupError } from './startup-error.ts';
import {
  ensureDatabase,
  Supervisor,
  urlOf,
  type Cluster,
  type EmbeddedLog,
  type EmbeddedPostgres,
} from './supervise.ts';

export interface EmbeddedOptions {
  /** The folder of everything embedded, `.telltale` by default of the app. */
  dataDir: string;
  log: EmbeddedLog;
  /** An app refuses a folder that another app holds; both wait for a command to finish. */
  role?: OwnerRole;
  /** PostgreSQL settings on top of settings.ts. */
  settings?: Record<string, string>;
}

interface Shared {
  starting: Promise<EmbeddedPostgres>;
  users: number;
}

const REGISTRY = Symbol.for('telltale.embedded-postgres');

/**
 * Starts the embedded PostgreSQL of a data folder, creating it the first time.
 * @throws StartupError for everything the person at the terminal can put right
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const dataDir = makeDataDir(options.dataDir);
  // One process may load this module twice (vite reloads it), and has one PostgreSQL per folder all the same.
  const running = registry();
  const shared = running.get(dataDir) ?? { starting: startFolder(dataDir, options), users: 0 };
  running.set(dataDir, shared);
  shared.users++;
  try {
    return shareOf(shared, await shared.starting, () => running.delete(dataDir));
  } catch (error) {
    running.delete(dataDir);
    throw error;
  }
}

function shareOf(shared: Shared, postgres: EmbeddedPostgres, onLast: () => void): EmbeddedPostgres {
  let stopped: Promise<void> | undefined;
  return {
    url: postgres.url,
    get state() {
      return postgres.state;
    },
    folderIdentity: () => postgres.folderIdentity(),
    onState: (listener) => postgres.onState(listener),
    stop() {
      stopped ??= (async () => {
        if (--shared.users > 0) return;
        onLast();
        await postgres.stop();
      })();
      return stopped;
    },
  };
}

async function startFolder(dataDir: string, options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { log, role = 'app', settings = {} } = options;
  const folder = folderOf(dataDir);
  const lock = await acquireOwnerLock(dataDir, role);
  try {
    return await startOwned(folder, lock, { log, settings });
  } catch (error) {
    lock.release();
    throw explainFileError(error, dataDir);
  }
}

async function startOwned(
  folder: Folder,
  lock: OwnerLock,
  { log, settings }: { log: EmbeddedLog; settings: Record<string, string> },
): Promise<EmbeddedPostgres> {
  const present = checkCluster(folder) === 'present';
  const account = chooseAccount(folder.clusterDir);
  if (account.switched) chownSync(folder.dataDir, account.uid, account.gid);
  const binaries = prepareBinaries(account, folder.dataDir);
  const cluster: Cluster = { folder, binaries, account, settings, log };

  if (present) {
    await settleFormerPostgres(folder, log);
    ownCluster(folder, account);
  } else {
    log.info('Setting up the embedded PostgreSQL.');
    createCluster(folder, binaries, account);
  }

  let password = readPassword(folder) ?? resetPassword(folder, binaries, account);
  let supervisor = await Supervisor.start(cluster);
  try {
    if (!(await ensureDatabase(supervisor.port, password))) {
      // The file is from another backup than the data.
      await supervisor.stop();
      password = resetPassword(folder, binaries, account);
      supervisor = await Supervisor.start(cluster);
      if (!(await ensureDatabase(supervisor.port, password))) {
        throw new StartupError(
          `The embedded PostgreSQL does not accept its password in ${folder.passwordFile}.`,
        );
      }
    }
    writePort(folder, { port: supervisor.port, owner: lock.token });
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  return handleOf(supervisor, urlOf(supervisor.port, password), folder, lock);
}

function handleOf(supervisor: Supervisor, url: string, folder: Folder, lock: OwnerLock): EmbeddedPostgres {
  return {
    url,
    get state() {
      return supervisor.state;
    },
    folderIdentity: () => identityOfCluster(folder),
    onState: (listener) => supervisor.onState(listener),
    async stop() {
      await supervisor.stop();
      try {
        writePort(folder, { port: supervisor.port, owner: null });
      } finally {
        lock.release();
      }
    },
  };
}

function makeDataDir(wanted: string): string {
  const dataDir = resolve(wanted);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return realpathSync(dataDir);
  } catch (error) {
    // Node says ENOENT of a read-only disk when it makes folders on the way.
    if (errorCode(error) === 'ENOENT') {
      throw new StartupError(
        `The folder ${dataDir} cannot be made; its disk may be read-only.\nChoose another folder with TELLTALE_DATA.`,
        { cause: error },
      );
    }
    throw explainFileError(error, dataDir);
  }
}

function registry(): Map<string, Shared> {
  const holder = globalThis as { [REGISTRY]?: Map<string, Shared> };
  return (holder[REGISTRY] ??= new Map());
}
