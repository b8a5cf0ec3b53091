import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Piscina } from 'piscina';
import type { FoldResult, FoldTask } from '#lib/domain/patterns/fold-batch.ts';
import { coerceError, StartupError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { PriorityTaskQueue, type Priority } from './priority-task-queue.ts';

/** What workers/fold-outcomes.ts answers. */
export type Folded = FoldResult & { leaders: readonly number[]; foldMs: number };
type FoldReply = ({ ok: true } & Folded) | { ok: false; error: { name: string; message: string } };

/** Threads that fold, off the thread that answers requests. */
export interface FoldPool {
  /** Folds one batch into a new image. @throws Error with the worker's message; nothing that was given is changed */
  fold(task: FoldTask, priority: Priority): Promise<Folded>;
  stats(): { threads: number; queued: number; completed: number; waitMsP99: number; runMsP99: number };
  stop(): Promise<void>;
}

/** A built server has bundled workers; from sources they run through tsx. */
function workerFile(root: string): { filename: string; execArgv: string[] } {
  const built = join(root, 'build', 'workers', 'fold-outcomes.js');
  const fromBuild = import.meta.env?.PROD === true;
  if (fromBuild) {
    if (!existsSync(built)) throw new StartupError(`The worker is missing (${built}). Run: npm run build`);
    return { filename: built, execArgv: [] };
  }
  return { filename: join(root, 'workers', 'fold-outcomes.ts'), execArgv: ['--import', 'tsx'] };
}

export function createFoldPool(options: {
  root: string;
  threads: number | undefined;
  logger: Logger;
}): FoldPool {
  const threads = Math.max(2, options.threads ?? availableParallelism());
  const pool = new Piscina({
    ...workerFile(options.root),
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: 60_000,
    taskQueue: new PriorityTaskQueue() as never,
  });
  // Without a listener a worker that cannot load would end the process.
  pool.on('error', (thrown) => options.logger.error({ err: coerceError(thrown) }, 'a fold thread failed'));

  /** Background work leaves one thread free: a running task is not pre-empted. */
  const backgroundLimit = threads - 1;
  let background = 0;
  const parked: (() => void)[] = [];

  async function run(task: FoldTask, priority: Priority): Promise<FoldReply> {
    const { batch } = task;
    // A batch is used once; its arrays move to the thread instead of being copied.
    const transferList = [
      batch.codes.buffer,
      batch.signs.buffer,
      batch.results.buffer,
      batch.values.buffer,
      batch.days.buffer,
      batch.retracts.buffer,
    ] as ArrayBuffer[];
    const named = { [Piscina.queueOptionsSymbol]: { priority } };
    return (await pool.run(Object.assign(task, named), { transferList })) as FoldReply;
  }

  return {
    async fold(task, priority) {
      if (priority === 'background') {
        while (background >= backgroundLimit) await new Promise<void>((resolve) => parked.push(resolve));
        background += 1;
      }
      try {
        const answer = await run(task, priority);
        if (answer.ok) return answer;
        throw Object.assign(new Error(answer.error.message), { name: answer.error.name });
      } finally {
        if (priority === 'background') {
          background -= 1;
          parked.shift()?.();
        }
      }
    },
    stats: () => ({
      threads: pool.threads.length,
      queued: pool.queueSize,
      completed: pool.completed,
      waitMsP99: pool.histogram?.waitTime.p99 ?? 0,
      runMsP99: pool.histogram?.runTime.p99 ?? 0,
    }),
    stop: () => pool.destroy(),
  };
}
