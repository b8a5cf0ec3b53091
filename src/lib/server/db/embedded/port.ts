import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Folder } from './cluster.ts';
import { errorCode, StartupError } from './startup-error.ts';

/** Below the ports that systems hand to outgoing connections, so nobody takes ours while PostgreSQL restarts. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

export interface PortRecord {
  port: number;
  /** The owner (owner-lock.ts) that serves there now; null when stopped. */
  owner: string | null;
}

/** The port of last time if it is free, else another. */
export async function choosePort(folder: Folder, refused: ReadonlySet<number>): Promise<number> {
  const last = readPort(folder)?.port;
  if (last !== undefined && !refused.has(last) && (await isFree(last))) return last;
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!refused.has(port) && (await isFree(port))) return port;
  }
  throw new StartupError(
    `No free port between ${LOWEST} and ${HIGHEST} was found on 127.0.0.1 for the embedded PostgreSQL.\n` +
      'Free some, or set DATABASE_URL.',
  );
}

export function readPort(folder: Folder): PortRecord | null {
  try {
    const record: unknown = JSON.parse(readFileSync(folder.portFile, 'utf8'));
    if (typeof record !== 'object' || record === null || !('port' in record)) return null;
    const owner = 'owner' in record && typeof record.owner === 'string' ? record.owner : null;
    return typeof record.port === 'number' ? { port: record.port, owner } : null;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

export function writePort(folder: Folder, record: PortRecord): void {
  writeFileSync(folder.portFile, JSON.stringify(record), { mode: 0o600 });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
