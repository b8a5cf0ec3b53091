import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { clusterArgument, DATABASE_USER, explainPostgresOutput, type Folder } from './cluster.ts';
import { PostgresFailed, startGuard, type Guard } from './guard.ts';
import { choosePort } from './port.ts';
import { settleFormerPostgres } from './postmaster.ts';
import { embeddedSettings } from './settings.ts';
import { coerceError } from '../../errors.ts';
import { errorCode, StartupError } from './startup-error.ts';

export interface EmbeddedLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** `restarting`: PostgreSQL died and is being brought back; pools reconnect by themselves. */
export type EmbeddedState = 'running' | 'restarting' | 'stopped';

export interface EmbeddedPostgres {
  /** The same for as long as the handle lives, also across restarts of PostgreSQL. */
  readonly url: string;
  readonly state: EmbeddedState;
  /** Names the folder among its copies; null where that cannot be told. */
  folderIdentity(): string | null;
  onState(listener: (state: EmbeddedState) => void): () => void;
  /** Stops PostgreSQL cleanly. Close the pool first. */
  stop(): Promise<void>;
}

export interface Cluster {
  folder: Folder;
  binaries: Binaries;
  account: Account;
  settings: Record<string, string>;
  log: EmbeddedLog;
}

const DATABASE = 'telltale';
const START_DEADLINE_MS = 30_000;
const MOST_RESTART_PAUSE_MS = 3_000;

/** A running PostgreSQL under a guard, and a new guard whenever that one is killed. */
export class Supervisor {
  readonly port: number;
  readonly #cluster: Cluster;
  readonly #listeners = new Set<(state: EmbeddedState) => void>();
  #guard: Guard;
  #state: EmbeddedState = 'running';

  static async start(cluster: Cluster): Promise<Supervisor> {
    const { port, guard, events } = await launchOnAnyPort(cluster);
    const supervisor = new Supervisor(cluster, port, guard);
    events.target = supervisor;
    return supervisor;
  }

  private constructor(cluster: Cluster, port: number, guard: Guard) {
    this.port = port;
    this.#cluster = cluster;
    this.#guard = guard;
    this.#watch(guard);
  }

  get state(): EmbeddedState {
    return this.#state;
  }

  onState(listener: (state: EmbeddedState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#become('stopped');
    await this.#guard.stop();
  }

  restarting(cause: string, output: string): void {
    this.#cluster.log.warn(
      output === ''
        ? `PostgreSQL ended (${cause}) and is being started again.`
        : `PostgreSQL does not start again yet: ${explainPostgresOutput(output, this.#cluster.folder.dataDir, 'waits').message}`,
    );
    this.#become('restarting');
  }

  ready(): void {
    if (this.#state !== 'restarting') return;
    this.#cluster.log.info('PostgreSQL is back.');
    this.#become('running');
  }

  #become(state: EmbeddedState): void {
    if (this.#state === state || this.#state === 'stopped') return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  #watch(guard: Guard): void {
    void guard.exited.then(async () => {
      if (this.#state === 'stopped') return;
      this.#cluster.log.warn('The guard of PostgreSQL ended and is being started again.');
      this.#become('restarting');
      await this.#replaceGuard();
    });
  }

  async #replaceGuard(): Promise<void> {
    for (let pause = 50; this.#state !== 'stopped'; pause = Math.min(pause * 2, MOST_RESTART_PAUSE_MS)) {
      try {
        await settleFormerPostgres(this.#cluster.folder, this.#cluster.log);
        const events: NewsTarget = { target: this };
        const guard = await launch(this.#cluster, this.port, events);
        this.#guard = guard;
        // Stopped meanwhile: nobody else will stop this one.
        if (this.#isStopped()) return await guard.stop();
        this.#watch(guard);
        this.ready();
        return;
      } catch (thrown) {
        const error = coerceError(thrown);
        const words = error instanceof PostgresFailed ? lastLine(error.output) : error.message;
        this.#cluster.log.error(`PostgreSQL could not be started again: ${words}`);
        await sleep(pause, undefined, { ref: false });
      }
    }
  }

  /** A call, so that the compiler does not narrow the state across an await. */
  #isStopped(): boolean {
    return this.#state === 'stopped';
  }
}

export function urlOf(port: number, password: string, database = DATABASE): string {
  return `postgres://${DATABASE_USER}:${password}@127.0.0.1:${port}/${database}`;
}

/** Connects once, and makes the database at the first time. @returns false when the password is not accepted */
export async function ensureDatabase(port: number, password: string): Promise<boolean> {
  try {
    await runOnce(urlOf(port, password), 'select 1');
    return true;
  } catch (error) {
    if (errorCode(error) === '28P01') return false;
    if (errorCode(error) !== '3D000') throw error;
  }
  await runOnce(urlOf(port, password, 'postgres'), `create database ${DATABASE}`);
  return true;
}

export async function runOnce(url: string, statement: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Where a guard's news go; known only once the first start has succeeded. */
interface NewsTarget {
  target: Supervisor | null;
}

async function launchOnAnyPort(
  cluster: Cluster,
): Promise<{ port: number; guard: Guard; events: NewsTarget }> {
  const { folder, log } = cluster;
  const deadline = performance.now() + START_DEADLINE_MS;
  const refused = new Set<number>();
  for (;;) {
    await settleFormerPostgres(folder, log);
    const port = await choosePort(folder, refused);
    const events: NewsTarget = { target: null };
    try {
      return { port, guard: await launch(cluster, port, events), events };
    } catch (error) {
      if (!(error instanceof PostgresFailed)) throw error;
      const { output } = error;
      const portTaken = /Address already in use|could not bind|could not create any TCP\/IP sockets/.test(
        output,
      );
      // Backends of a killed PostgreSQL may outlive it until their statement ends.
      const stillHeld = /pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(
        output,
      );
      if (portTaken && refused.size < 5) {
        refused.add(port);
      } else if (stillHeld && performance.now() < deadline) {
        await sleep(100);
      } else {
        throw explain(error, folder);
      }
    }
  }
}

function launch(cluster: Cluster, port: number, events: NewsTarget): Promise<Guard> {
  const { folder, account, binaries, settings, log } = cluster;
  const args = ['-D', clusterArgument(folder.clusterDir, account), ...embeddedSettings(port, settings)];
  return startGuard(
    folder,
    { path: binaries.postgres, args, account },
    {
      onRestarting: (cause, output) => events.target?.restarting(cause, output),
      onReady: () => events.target?.ready(),
      onWarning: (message) => log.warn(message),
    },
  );
}

function explain(error: PostgresFailed, folder: Folder): StartupError {
  return explainPostgresOutput(error.output, folder.dataDir, 'does not start');
}

function lastLine(output: string): string {
  return output.trimEnd().split('\n').at(-1) ?? '';
}
