import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';

const DRIVER = fileURLToPath(new URL('app-driver.ts', import.meta.url));

export interface EmbeddedApp {
  child: ChildProcess;
  url: string;
  refused: string;
}

/** Starts the driver on a folder and waits for what it says first. */
export async function startApp(dataDir: string): Promise<EmbeddedApp> {
  const child = spawn(process.execPath, ['--import', 'tsx', DRIVER, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { url?: string; refused?: string };
    return { child, url: said.url ?? '', refused: said.refused ?? '' };
  }
  throw new Error('the driver ended without a word');
}

export function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

export function guardPid(dataDir: string): number {
  const guard = JSON.parse(readFileSync(join(dataDir, 'postgres-guard.json'), 'utf8')) as { pid: number };
  return guard.pid;
}

export function postmasterPid(dataDir: string): number {
  return Number.parseInt(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10);
}

export function hasPostmaster(dataDir: string): boolean {
  return readdirSync(join(dataDir, 'postgres')).includes('postmaster.pid');
}

export function killHard(pid: number): void {
  process.kill(pid, 'SIGKILL');
}

/** Each try on a fresh connection: what a pool does for its callers after PostgreSQL came back. */
export async function query<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    return [...(await sql.unsafe<Row[]>(statement))];
  } finally {
    await sql.end({ timeout: 1 });
  }
}

export async function eventually<Value>(act: () => Promise<Value>, deadlineMs = 40_000): Promise<Value> {
  for (const deadline = Date.now() + deadlineMs; ; await sleep(25)) {
    try {
      return await act();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
