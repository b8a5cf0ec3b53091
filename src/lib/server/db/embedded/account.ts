import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { StartupError } from './startup-error.ts';

/** Who runs PostgreSQL, which refuses to run as root. */
export interface Account {
  uid: number;
  gid: number;
  /** True when we are root and become this account for PostgreSQL only. */
  switched: boolean;
}

/** `nobody` is everywhere; the others are better when the machine has them. */
const UNPRIVILEGED = ['postgres', '_postgres', 'nobody'];

export function chooseAccount(clusterDir: string): Account {
  const uid = process.getuid?.() ?? -1;
  const gid = process.getgid?.() ?? -1;
  const owner = statSync(clusterDir, { throwIfNoEntry: false });

  if (uid !== 0) {
    if (owner && owner.uid !== uid) {
      throw new StartupError(
        `The database in ${clusterDir} belongs to user ${owner.uid}, and Telltale runs as ${whoAmI(uid)}.\n` +
          'Run it as the user of before, or choose another folder with TELLTALE_DATA.',
      );
    }
    return { uid, gid, switched: false };
  }
  // The owner of before stays, so that the same folder also opens without root.
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, switched: true };
  for (const name of UNPRIVILEGED) {
    const found = lookUp(name);
    if (found && found.uid !== 0) return { ...found, switched: true };
  }
  throw new StartupError(
    'PostgreSQL does not run as root, and this machine has no user postgres or nobody to run it as.\n' +
      'Start Telltale as another user, or set DATABASE_URL.',
  );
}

/** How a child process becomes the account; nothing to do for an ordinary user. */
export function asAccount(account: Account): { uid?: number; gid?: number } {
  return account.switched ? { uid: account.uid, gid: account.gid } : {};
}

export function canEnter(folder: string, account: Account): boolean {
  if (!account.switched) return true;
  const probe = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    cwd: '/',
    stdio: 'ignore',
    ...asAccount(account),
  });
  return probe.status === 0;
}

function lookUp(name: string): { uid: number; gid: number } | null {
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    // Darwin prints nobody's -2 as such; the kernel wants it unsigned.
    return { uid: id('-u') >>> 0, gid: id('-g') >>> 0 };
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

function whoAmI(uid: number): string {
  try {
    return `${userInfo().username} (${uid})`;
  } catch (error) {
    if (error instanceof Error) return `user ${uid}`;
    throw error;
  }
}
