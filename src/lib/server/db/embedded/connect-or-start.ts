import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { folderOf, readPassword } from './cluster.ts';
import { findOwner } from './owner-lock.ts';
import { readPort } from './port.ts';
import { startEmbeddedPostgres } from './start.ts';
import { errorCode, explainFileError, StartupError } from './startup-error.ts';
import { runOnce, urlOf, type EmbeddedLog } from './supervise.ts';

export interface EmbeddedConnection {
  url: string;
  /** False when an app was running and is being visited. */
  started: boolean;
  /** Stops what was started here, and leaves the app's alone. */
  stop(): Promise<void>;
}

const DEADLINE_MS = 30_000;

/** For commands: the PostgreSQL of the running app on this folder, or one started for the time being. */
export async function connectOrStart(options: {
  dataDir: string;
  log: EmbeddedLog;
}): Promise<EmbeddedConnection> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const visited = await visit(options.dataDir);
    if (visited !== 'nobody' && visited !== 'not ready')
      return { url: visited.url, started: false, stop: async () => undefined };
    if (visited === 'nobody') {
      const postgres = await startOrNull(options, deadline);
      if (postgres !== null) return { url: postgres.url, started: true, stop: () => postgres.stop() };
    }
    if (performance.now() > deadline) {
      throw new StartupError(
        `The Telltale that uses ${options.dataDir} did not become ready in time.\nLook at its log.`,
      );
    }
    await sleep(50);
  }
}

/** Null when an app took the folder in the same moment: then that one is visited. */
async function startOrNull(options: { dataDir: string; log: EmbeddedLog }, deadline: number) {
  try {
    return await startEmbeddedPostgres({ ...options, role: 'command' });
  } catch (error) {
    const owner = performance.now() < deadline ? await ownerOf(options.dataDir) : null;
    if (owner?.role === 'app') return null;
    throw error;
  }
}

async function visit(dataDir: string): Promise<{ url: string } | 'nobody' | 'not ready'> {
  const owner = await ownerOf(dataDir);
  // A command stops its PostgreSQL when it is done, so it is waited for, not visited.
  if (owner === null || owner.role === 'command') return 'nobody';
  const folder = folderOf(realpathSync(resolve(dataDir)));
  const port = readPort(folder);
  const password = readPassword(folder);
  if (port === null || port.owner !== owner.token || password === null) return 'not ready';
  const url = urlOf(port.port, password);
  try {
    await runOnce(url, 'select 1');
    return { url };
  } catch (error) {
    // It may be starting again after a crash.
    if (
      ['ECONNREFUSED', 'ECONNRESET', 'CONNECT_TIMEOUT', 'CONNECTION_CLOSED', '57P03'].includes(
        errorCode(error) ?? '',
      )
    )
      return 'not ready';
    throw error;
  }
}

async function ownerOf(dataDir: string) {
  try {
    return await findOwner(realpathSync(resolve(dataDir)));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw explainFileError(error, dataDir);
  }
}
