import { readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Folder } from './cluster.ts';
import { isRunning, livenessOf, type ProcessIdentity } from './process-identity.ts';
import { errorCode, StartupError } from './startup-error.ts';

const DEADLINE_MS = 30_000;
const POLL_MS = 10;

/**
 * Leaves the folder with no PostgreSQL on it: waits for one that is stopping, and stops one whose guard was
 * killed too. The caller owns the folder, so nobody is being served by what is found here.
 */
export async function settleFormerPostgres(
  folder: Folder,
  log: { info(message: string): void },
): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  let told = false;
  for (let asked = false; ; await sleep(POLL_MS)) {
    const guard = readGuard(folder);
    const guarded = guard !== null && livenessOf(guard) === 'alive';
    const pid = readPostmasterPid(folder);
    const running = pid !== null && isRunning(pid);
    if (!guarded && (!running || !isPostmasterOf(pid, folder.clusterDir))) {
      // The pid may belong to something else by now, or to a corpse that a container's init never buries, and
      // PostgreSQL would take either for its former self. Backends still at work it finds by their shared memory.
      if (pid !== null) rmSync(join(folder.clusterDir, 'postmaster.pid'), { force: true });
      return;
    }
    if (!guarded && !asked && pid !== null) {
      log.info(`Stopping a PostgreSQL (process ${pid}) that an earlier run left behind.`);
      signal(pid, 'SIGINT');
      asked = true;
    } else if (!told && performance.now() > deadline - DEADLINE_MS + 1_000) {
      log.info('Waiting for the PostgreSQL of the run before to stop.');
      told = true;
    }
    if (performance.now() > deadline) {
      throw new StartupError(
        `A PostgreSQL of an earlier run (process ${pid ?? guard?.pid ?? '?'}) still holds ${folder.clusterDir}.\n` +
          'Wait until it has stopped, or stop it, and start again.',
      );
    }
  }
}

function readPostmasterPid(folder: Folder): number | null {
  try {
    const pid = Number.parseInt(readFileSync(join(folder.clusterDir, 'postmaster.pid'), 'utf8'), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function readGuard(folder: Folder): ProcessIdentity | null {
  try {
    const guard: unknown = JSON.parse(readFileSync(folder.guardFile, 'utf8'));
    return isIdentity(guard) ? guard : null;
  } catch (error) {
    // Half written before a power cut: then no guard of it lives either.
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return (
    typeof value === 'object' && value !== null && 'pid' in value && 'began' in value && 'bootId' in value
  );
}

/** A postmaster works in its data folder, which also tells it from backends of another cluster. */
function isPostmasterOf(pid: number, clusterDir: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(clusterDir);
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes(clusterDir);
  } catch (error) {
    // Another user's process, or one that ended meanwhile: not ours in both cases.
    if (error instanceof Error) return false;
    throw error;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}
