import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { asAccount, type Account } from './account.ts';
import { CHILD_ENVIRONMENT, type Folder } from './cluster.ts';
import { identityOf } from './process-identity.ts';
import { guardPath } from './project-root.ts';

/** PostgreSQL did not come up; `output` is what it wrote. */
export class PostgresFailed extends Error {
  readonly output: string;
  constructor(output: string) {
    super('PostgreSQL did not start');
    this.output = output;
  }
}

export interface GuardEvents {
  onRestarting(cause: string, output: string): void;
  onReady(): void;
  onWarning(message: string): void;
}

export interface Guard {
  /** Closes the pipe; resolves when PostgreSQL and the guard are gone. */
  stop(): Promise<void>;
  readonly exited: Promise<void>;
}

interface Message {
  type: 'ready' | 'failed' | 'restarting' | 'warning';
  cause?: string;
  output?: string;
  message?: string;
}

/** Starts the guard, which starts PostgreSQL; resolves when that accepts connections. */
export function startGuard(
  folder: Folder,
  postgres: { path: string; args: string[]; account: Account },
  events: GuardEvents,
): Promise<Guard> {
  const config = {
    postgres: postgres.path,
    args: postgres.args,
    clusterDir: folder.clusterDir,
    logFile: folder.logFile,
    env: CHILD_ENVIRONMENT,
    ...asAccount(postgres.account),
  };
  const log = openSync(folder.logFile, 'a', 0o600);
  // The small heap is for a process that only waits. Its own session keeps Ctrl-C and group kills away from it.
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=32', '--max-semi-space-size=1', guardPath(), JSON.stringify(config)],
    { stdio: ['pipe', 'pipe', log], detached: true, cwd: '/', env: CHILD_ENVIRONMENT },
  );
  closeSync(log);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the guard was spawned without pipes');
  if (child.pid !== undefined)
    writeFileSync(folder.guardFile, JSON.stringify(identityOf(child.pid)), { mode: 0o600 });

  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  // A guard that died closes the pipe; its exit says so already.
  stdin.on('error', () => undefined);

  const guard: Guard = {
    exited,
    async stop() {
      child.ref();
      stdin.destroy();
      await exited;
    },
  };

  return new Promise<Guard>((resolve, reject) => {
    let output = '';
    let ready = false;
    createInterface({ input: stdout }).on('line', (line) => {
      const message = JSON.parse(line) as Message;
      if (message.type === 'warning') events.onWarning(message.message ?? '');
      if (message.type === 'failed') output = message.output ?? '';
      if (message.type === 'restarting') events.onRestarting(message.cause ?? '', message.output ?? '');
      if (message.type !== 'ready') return;
      if (ready) return events.onReady();
      ready = true;
      // From here on the guard must not keep a finished command's process alive.
      child.unref();
      for (const pipe of [stdin, stdout]) {
        if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
      }
      resolve(guard);
    });
    child.once('error', reject);
    child.once('close', () => reject(new PostgresFailed(output)));
  });
}
