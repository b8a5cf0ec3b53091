import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { asAccount, canEnter, type Account } from './account.ts';
import { POSTGRES_MAJOR, type Binaries } from './binaries.ts';
import { errorCode, explainFileError, noSpace, StartupError } from './startup-error.ts';

export const DATABASE_USER = 'telltale';

/** What a child of ours gets: nothing of the app's environment, where passwords may stand. */
export const CHILD_ENVIRONMENT = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

export interface Folder {
  dataDir: string;
  /** PostgreSQL's own folder. */
  clusterDir: string;
  passwordFile: string;
  portFile: string;
  guardFile: string;
  logFile: string;
}

export function folderOf(dataDir: string): Folder {
  return {
    dataDir,
    clusterDir: join(dataDir, 'postgres'),
    passwordFile: join(dataDir, 'postgres-password'),
    portFile: join(dataDir, 'postgres-port.json'),
    guardFile: join(dataDir, 'postgres-guard.json'),
    logFile: join(dataDir, 'postgres.log'),
  };
}

/**
 * How PostgreSQL is told where its data is. A parent that only root may enter (a checkout in /root) would shut
 * out the account; on Linux its own working directory is a way in that asks for no rights on the parents.
 */
export function clusterArgument(clusterDir: string, account: Account): string {
  if (canEnter(clusterDir, account)) return clusterDir;
  if (process.platform === 'linux') return '/proc/self/cwd';
  throw new StartupError(
    `PostgreSQL runs as user ${account.uid}, who cannot reach ${clusterDir}.\n` +
      'Choose a folder outside of private ones with TELLTALE_DATA.',
  );
}

/** Refuses what is not a PostgreSQL 18 folder, before anything in it is touched. */
export function checkCluster(folder: Folder): 'absent' | 'present' {
  const { clusterDir } = folder;
  const version = readIfThere(join(clusterDir, 'PG_VERSION'))?.trim();
  if (version === String(POSTGRES_MAJOR)) return 'present';
  if (version !== undefined) {
    throw new StartupError(
      `${clusterDir} holds data of PostgreSQL ${version}; this Telltale uses ${POSTGRES_MAJOR} and leaves it alone.\n` +
        'Export each workspace with the Telltale of before (npm run export), move the folder away, start, and read them back (npm run record).',
    );
  }
  if (!existsSync(clusterDir) || readdirSync(clusterDir).length === 0) return 'absent';
  throw new StartupError(
    `${clusterDir} is not empty and not a PostgreSQL folder, so it is left alone.\n` +
      'Move it away, or choose another folder with TELLTALE_DATA.',
  );
}

/** Makes the cluster beside its place and moves it there when it is whole. */
export function createCluster(folder: Folder, binaries: Binaries, account: Account): void {
  const draft = join(folder.dataDir, `postgres.new-${randomBytes(4).toString('hex')}`);
  const passwordDraft = `${draft}.password`;
  try {
    sweepDrafts(folder.dataDir);
    const password = randomBytes(24).toString('base64url');
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordDraft, password, { mode: 0o600 });
    if (account.switched) {
      chownSync(draft, account.uid, account.gid);
      chownSync(passwordDraft, account.uid, account.gid);
    }
    const run = spawnSync(
      binaries.initdb,
      [
        ...['-D', clusterArgument(draft, account), '-U', DATABASE_USER, '-A', 'scram-sha-256'],
        ...[`--pwfile=../${draft.slice(folder.dataDir.length + 1)}.password`, '-E', 'UTF8'],
        // Sorts the same on every machine, so indexes survive a move to another one.
        ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
        ...(process.platform === 'linux' ? ['--sync-method=syncfs'] : []),
      ],
      { cwd: draft, encoding: 'utf8', env: CHILD_ENVIRONMENT, ...asAccount(account) },
    );
    if (run.error) throw run.error;
    if (run.status !== 0) throw explainPostgresOutput(run.stderr, folder.dataDir, 'could not be set up');
    writeFileSync(folder.passwordFile, password, { mode: 0o600 });
    if (existsSync(folder.clusterDir)) rmSync(folder.clusterDir, { recursive: true });
    renameSync(draft, folder.clusterDir);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw explainFileError(error, folder.dataDir);
  } finally {
    rmSync(passwordDraft, { force: true });
  }
}

/** Gives a restored or copied folder back to the account, which PostgreSQL insists on. */
export function ownCluster(folder: Folder, account: Account): void {
  if (!account.switched) return;
  const probes = ['.', 'PG_VERSION', 'base', 'pg_wal', 'global/pg_control'];
  const foreign = probes.some((probe) => {
    const found = statSync(join(folder.clusterDir, probe), { throwIfNoEntry: false });
    return found !== undefined && found.uid !== account.uid;
  });
  if (foreign) {
    for (const name of readdirSync(folder.clusterDir, { recursive: true, encoding: 'utf8' })) {
      lchownSync(join(folder.clusterDir, name), account.uid, account.gid);
    }
    chownSync(folder.clusterDir, account.uid, account.gid);
  }
  chmodSync(folder.clusterDir, 0o700);
}

/**
 * Names this folder among its copies: a copy has files of its own, and a folder that is moved or mounted anew keeps
 * them. Null where the file system does not keep when a file was made, as its numbers may not last either.
 *
 * Of all files this one: PostgreSQL writes it in its place only, and always, so that what brings back only those that
 * differ (rsync) brings it too.
 */
export function identityOfCluster({ clusterDir }: Folder): string | null {
  const { ino, birthtimeNs } = statSync(join(clusterDir, 'global', 'pg_control'), { bigint: true });
  return birthtimeNs > 0n ? `${ino}@${birthtimeNs}` : null;
}

export function readPassword(folder: Folder): string | null {
  const password = readIfThere(folder.passwordFile)?.trim();
  return password === undefined || password === '' ? null : password;
}

/** The password's file was lost: PostgreSQL, stopped, takes a new one in single-user mode. */
export function resetPassword(folder: Folder, binaries: Binaries, account: Account): string {
  const password = randomBytes(24).toString('base64url');
  const run = spawnSync(
    binaries.postgres,
    ['--single', '-D', clusterArgument(folder.clusterDir, account), '-j', 'postgres'],
    {
      cwd: folder.clusterDir,
      input: `alter user ${DATABASE_USER} password '${password}';\n\n`,
      encoding: 'utf8',
      env: CHILD_ENVIRONMENT,
      ...asAccount(account),
    },
  );
  if (run.status !== 0 || run.stderr.includes('ERROR')) {
    throw explainPostgresOutput(run.stderr, folder.dataDir, 'took no new password');
  }
  writeFileSync(folder.passwordFile, password, { mode: 0o600 });
  return password;
}

/** PostgreSQL's own words, reduced to the line that matters. */
export function explainPostgresOutput(output: string, place: string, what: string): StartupError {
  if (/No space left on device|Disk quota exceeded/.test(output)) return noSpace(place);
  if (output.includes('could not look up effective user ID')) {
    return new StartupError(
      `PostgreSQL wants the user it runs as to have a name, and user ${process.getuid?.() ?? ''} has none in /etc/passwd.\n` +
        'Add one, run Telltale as another user, or set DATABASE_URL.',
    );
  }
  if (
    /could not create shared memory|could not map anonymous shared memory|Cannot allocate memory/.test(output)
  ) {
    return new StartupError(
      `PostgreSQL ${what}: there is not enough memory.\nFree some, or set DATABASE_URL.`,
    );
  }
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const telling =
    lines.filter((line) => /FATAL|PANIC|error:/i.test(line)).at(-1) ?? lines.at(-1) ?? 'it said nothing';
  const words = telling.replace(/^.*?(FATAL|PANIC|error): */i, '');
  return new StartupError(`PostgreSQL ${what}: ${words}\nMore is in ${join(place, 'postgres.log')}.`);
}

function sweepDrafts(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (!name.startsWith('postgres.new-')) continue;
    try {
      rmSync(join(dataDir, name), { recursive: true, force: true });
    } catch (error) {
      // An initdb whose app was killed may still be writing there; the next start sweeps again.
      if (errorCode(error) !== 'ENOTEMPTY') throw error;
    }
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw explainFileError(error, path);
  }
}
