import { randomUUID } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { livenessOf, ownIdentity, type ProcessIdentity } from './process-identity.ts';
import { errorCode, explainFileError, StartupError } from './startup-error.ts';

export type OwnerRole = 'app' | 'command';

export interface OwnerRecord {
  token: string;
  role: OwnerRole;
  process: ProcessIdentity;
}

export interface OwnerLock {
  token: string;
  release(): void;
}

const HEARTBEAT_MS = 1_000;
/** How long an owner from another container or host is watched for a sign of life. */
const WATCH_MS = 5_000;
/** An app's claim seen for this long is held, not merely tried. */
const REFUSE_AFTER_MS = 400;
const COMMAND_DEADLINE_MS = 30_000;

/**
 * One owner per data folder. Each contender writes its own record, then looks: whoever sees another live
 * record withdraws and tries again. Two can both withdraw, never both stay, and a record whose process is gone
 * is simply swept away, so no kill -9 leaves anything to repair.
 */
export async function acquireOwnerLock(dataDir: string, role: OwnerRole): Promise<OwnerLock> {
  const folder = join(dataDir, 'owners');
  const record: OwnerRecord = { token: randomUUID(), role, process: ownIdentity() };
  const path = join(folder, `${record.token}.json`);
  const began = performance.now();

  for (;;) {
    writeRecord(folder, path, record);
    const other = await findOwner(dataDir, record.token);
    if (other === null) return holdLock(folder, path, record);
    rmSync(path, { force: true });

    const waited = performance.now() - began;
    if (other.role === 'app' && waited > REFUSE_AFTER_MS) throw inUse(dataDir, other);
    if (waited > COMMAND_DEADLINE_MS) throw inUse(dataDir, other);
    await sleep(40 + Math.random() * 80);
  }
}

/** The live owner of a data folder, if any; records of the dead are removed on the way. */
export async function findOwner(dataDir: string, exceptToken?: string): Promise<OwnerRecord | null> {
  const folder = join(dataDir, 'owners');
  for (const name of listRecords(folder)) {
    if (name === `${exceptToken}.json`) continue;
    const path = join(folder, name);
    const record = readRecord(path);
    if (record === 'gone') continue;
    if (record !== 'garbled' && (await isAlive(record, path))) return record;
    rmSync(path, { force: true });
  }
  return null;
}

async function isAlive(record: OwnerRecord, path: string): Promise<boolean> {
  const liveness = livenessOf(record.process);
  if (liveness !== 'unknown') return liveness === 'alive';
  const first = modifiedAt(path);
  for (const deadline = performance.now() + WATCH_MS; performance.now() < deadline;) {
    await sleep(100);
    const now = modifiedAt(path);
    if (now === null) return false;
    if (now !== first) return true;
  }
  return false;
}

function holdLock(folder: string, path: string, record: OwnerRecord): OwnerLock {
  const beat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch (error) {
      // Somebody cleared the folder: say again that it is in use, as far as it still exists.
      if (errorCode(error) === 'ENOENT' && modifiedAt(folder) !== null) writeRecord(folder, path, record);
    }
  }, HEARTBEAT_MS);
  beat.unref();
  return {
    token: record.token,
    release() {
      clearInterval(beat);
      rmSync(path, { force: true });
    },
  };
}

function inUse(dataDir: string, owner: OwnerRecord): StartupError {
  const { pid, host } = owner.process;
  const who = owner.role === 'app' ? 'Another Telltale' : 'A Telltale command';
  return new StartupError(
    `${who} (process ${pid} on ${host}) is using the data folder ${dataDir}.\n` +
      'Stop it first, or give this one its own folder with TELLTALE_DATA, or share a server with DATABASE_URL.',
  );
}

function writeRecord(folder: string, path: string, record: OwnerRecord): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const draft = `${path}.draft`;
    writeFileSync(draft, JSON.stringify(record), { mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    throw explainFileError(error, folder);
  }
}

function readRecord(path: string): OwnerRecord | 'gone' | 'garbled' {
  try {
    const record: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isOwnerRecord(record) ? record : 'garbled';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'gone';
    // Records appear whole, by rename: half a one is what a power cut left.
    if (error instanceof SyntaxError) return 'garbled';
    throw explainFileError(error, path);
  }
}

function isOwnerRecord(value: unknown): value is OwnerRecord {
  if (typeof value !== 'object' || value === null) return false;
  if (!('token' in value && 'role' in value && 'process' in value)) return false;
  const { process: owner } = value;
  return typeof owner === 'object' && owner !== null && 'pid' in owner && typeof owner.pid === 'number';
}

function listRecords(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw explainFileError(error, folder);
  }
}

function modifiedAt(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
