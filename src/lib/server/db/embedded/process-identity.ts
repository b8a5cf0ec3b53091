import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from './startup-error.ts';

/** Names one process for good: a pid alone is given again after a restart. */
export interface ProcessIdentity {
  pid: number;
  /** When the process began, in the kernel's own words. */
  began: string;
  bootId: string;
  pidNamespace: string;
  host: string;
}

export function ownIdentity(): ProcessIdentity {
  return identityOf(process.pid);
}

export function identityOf(pid: number): ProcessIdentity {
  return {
    pid,
    began: beginningOf(pid) ?? '',
    bootId: readOr('/proc/sys/kernel/random/boot_id', ''),
    pidNamespace: pidNamespace(),
    host: hostname(),
  };
}

export type Liveness = 'alive' | 'dead' | 'unknown';

/** `unknown`: the process lives, or lived, where its pid means nothing here (another container or host). */
export function livenessOf(recorded: ProcessIdentity): Liveness {
  const here = ownIdentity();
  if (recorded.bootId === here.bootId && recorded.pidNamespace === here.pidNamespace) {
    if (recorded.bootId === '' && recorded.host !== here.host) return 'unknown';
    const began = beginningOf(recorded.pid);
    return began !== null && began === recorded.began ? 'alive' : 'dead';
  }
  // The same machine after a reboot: nothing of before runs any more.
  if (recorded.host === here.host && recorded.bootId !== here.bootId) return 'dead';
  return 'unknown';
}

/** Null when no such process runs; one that died and waits to be reaped counts as gone. */
export function beginningOf(pid: number): string | null {
  if (process.platform === 'linux') {
    const stat = readOr(`/proc/${pid}/stat`, '');
    // The command's name may hold spaces and parentheses: count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0] ?? '';
    if (stat === '' || state === 'Z' || state === 'X') return null;
    return fields[19] ?? null;
  }
  try {
    const answer = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return answer === '' || answer.startsWith('Z') ? null : answer.replace(/^\S+\s+/, '');
  } catch (error) {
    // ps exits with 1 when there is no such process; without ps there is only the signal to ask.
    return errorCode(error) === 'ENOENT' && mayExist(pid) ? 'unknown' : null;
  }
}

export function isRunning(pid: number): boolean {
  return beginningOf(pid) !== null;
}

function mayExist(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch (error) {
    // Not Linux, or a hardened /proc: then the host's name has to tell.
    return `none:${errorCode(error) ?? ''}`;
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return otherwise;
    throw error;
  }
}
