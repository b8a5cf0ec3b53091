import { spawn, type ChildProcess } from 'node:child_process';

/** A program that was started, with what it has said so far. */
export interface RunningProgram {
  child: ChildProcess;
  out: string;
  err: string;
  /** Undefined while it runs; null when a signal ended it. */
  code: number | null | undefined;
}

const started = new Set<ChildProcess>();

export function runProgram(
  command: string,
  parameters: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): RunningProgram {
  const child = spawn(command, parameters, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  const run: RunningProgram = { child, out: '', err: '', code: undefined };
  child.stdout.on('data', (chunk: Buffer) => (run.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (run.err += chunk.toString()));
  child.on('exit', (code) => {
    run.code = code;
    started.delete(child);
  });
  return run;
}

/** Ends those that this test file started and that still run. */
export function killPrograms(): void {
  for (const child of started) child.kill('SIGKILL');
}
