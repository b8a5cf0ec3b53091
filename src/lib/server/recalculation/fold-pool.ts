import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Piscina } from 'piscina';
import type { FoldResult, FoldTask } from '#lib/domain/patterns/fold-batch.ts';
import type { ShuffleFindings, ShuffleRun, ShuffleSource } from '#lib/domain/patterns/shuffled-log.ts';
import type { ScanCounts } from '#lib/domain/patterns/scan-columns.ts';
import type { EvidenceTrace, TraceTask } from '#lib/domain/patterns/trace-evidence.ts';
import { coerceError, StartupError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { PriorityTaskQueue, type Priority } from './priority-task-queue.ts';

/** What workers/fold-outcomes.ts answers. */
export type Folded = FoldResult & { leaders: readonly number[]; foldMs: number };
type Reply<Answer> = ({ ok: true } & Answer) | { ok: false; error: { name: string; message: string } };

/** A trace, with the counts of the pattern and of everything as of the mark; null without one. */
export type Trace = EvidenceTrace & { marked: { own: ScanCounts; all: ScanCounts } | null };

/** Of background work: after this long the thread is given back (FINE-PRINT 10). */
const SLICE_MS = 20;

/** Threads that fold, off the thread that answers requests. */
export interface FoldPool {
  /** Folds one batch into a new image. @throws Error with the worker's message; nothing that was given is changed */
  fold(task: FoldTask, priority: Priority): Promise<Folded>;
  /** Replays one pattern for a chart that somebody waits for. @throws Error with the worker's message */
  trace(task: TraceTask): Promise<Trace>;
  /**
   * Folds a shuffled log for a slice, at low priority. `run`: a text that seeds a new one, or what the last slice gave;
   * findings once it is done. @throws Error with the worker's message
   */
  shuffle(
    source: ShuffleSource,
    run: ShuffleRun | string,
  ): Promise<{ run: ShuffleRun; findings: ShuffleFindings | null }>;
  stats(): { threads: number; queued: number; completed: number; waitMsP99: number; runMsP99: number };
  stop(): Promise<void>;
}

/** A built server has bundled workers; from sources they run through tsx. */
function workerFile(root: string, fromBuild: boolean): { filename: string; execArgv: string[] } {
  const built = join(root, 'build', 'workers', 'fold-outcomes.js');
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
  /** Whether to run the built workers; those of a built server are. */
  built?: boolean;
}): FoldPool {
  const threads = Math.max(2, options.threads ?? availableParallelism());
  const pool = new Piscina({
    ...workerFile(options.root, options.built ?? import.meta.env?.PROD === true),
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

  async function inTurn<Answer>(priority: Priority, act: () => Promise<unknown>): Promise<Answer> {
    if (priority === 'background') {
      while (background >= backgroundLimit) await new Promise<void>((resolve) => parked.push(resolve));
      background += 1;
    }
    try {
      const answer = (await act()) as Reply<Answer>;
      if (answer.ok) return answer;
      throw Object.assign(new Error(answer.error.message), { name: answer.error.name });
    } finally {
      if (priority === 'background') {
        background -= 1;
        parked.shift()?.();
      }
    }
  }

  const queued = (task: object, priority: Priority) =>
    Object.assign(task, { [Piscina.queueOptionsSymbol]: { priority } });

  return {
    fold(task, priority) {
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
      return inTurn<Folded>(priority, () => pool.run(queued(task, priority), { transferList }));
    },
    trace(task) {
      // Readers wait for each other, so that folding always finds a thread.
      return inTurn<Trace>('background', () => pool.run(queued({ ...task }, 'live'), { name: 'trace' }));
    },
    shuffle(source, run) {
      const task = queued({ source, run, sliceMs: SLICE_MS }, 'background');
      return inTurn('background', () => pool.run(task, { name: 'shuffle' }));
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
