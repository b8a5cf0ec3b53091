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
import { type Looks, looksByTheClock, StuckTaskError, TaskWatch } from './task-watch.ts';
import { type Priority, Turns } from './turns.ts';

/** What workers/fold-outcomes.ts answers. */
export type Folded = FoldResult & { leaders: readonly number[]; foldMs: number };
type Reply<Answer> = ({ ok: true } & Answer) | { ok: false; error: { name: string; message: string } };

/** A trace, with the counts of the pattern and of everything as of the mark; null without one. */
export type Trace = EvidenceTrace & { marked: { own: ScanCounts; all: ScanCounts } | null };

/** Of background work: after this long the thread is given back (FINE-PRINT 10). */
const SLICE_MS = 20;

/**
 * Threads that fold, off the thread that answers requests. One that stands still in the middle of a task is ended, and
 * another takes its place.
 */
export interface FoldPool {
  /**
   * Folds one batch into a new image; when that fails, `front` and the columns are what they were.
   * @throws Error with the worker's message; StuckTaskError
   */
  fold(task: FoldTask, priority: Priority): Promise<Folded>;
  /** Replays one pattern for a chart that somebody waits for. @throws as `fold` */
  trace(task: TraceTask): Promise<Trace>;
  /**
   * Folds a shuffled log for a slice, at low priority. `run`: a text that seeds a new one, or what the last slice gave;
   * findings once it is done. @throws as `fold`
   */
  shuffle(
    source: ShuffleSource,
    run: ShuffleRun | string,
  ): Promise<{ run: ShuffleRun; findings: ShuffleFindings | null }>;
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
  /** When to look whether tasks go on. */
  looks?: Looks;
}): FoldPool {
  const threads = Math.max(2, options.threads ?? availableParallelism());
  const pool = new Piscina({
    ...workerFile(options.root, options.built ?? import.meta.env?.PROD === true),
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: 60_000,
  });
  // Without a listener a worker that cannot load would end the process.
  pool.on('error', (thrown) => options.logger.error({ err: coerceError(thrown) }, 'a fold thread failed'));

  const turns = new Turns(threads);
  const watches = new Set<TaskWatch>();
  const endLooks = (options.looks ?? looksByTheClock)(() => {
    for (const watch of watches) watch.look();
  });
  let isStopped = false;

  async function inTurn<Answer>(
    turn: Promise<() => void>,
    task: object,
    runOptions: { name?: string; transferList?: ArrayBuffer[] } = {},
  ): Promise<Answer> {
    const endTurn = await turn;
    const watch = new TaskWatch();
    watches.add(watch);
    try {
      if (isStopped) throw new Error('The fold threads have stopped.');
      const { steps, signal } = watch;
      const answer = (await pool.run({ ...task, steps }, { ...runOptions, signal })) as Reply<Answer>;
      if (answer.ok) return answer;
      throw Object.assign(new Error(answer.error.message), { name: answer.error.name });
    } catch (thrown) {
      throw watch.signal.aborted ? new StuckTaskError() : thrown;
    } finally {
      watches.delete(watch);
      endTurn();
    }
  }

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
      return inTurn<Folded>(turns.take(priority), task, { transferList });
    },
    trace(task) {
      // Readers wait for each other, so that folding always finds a thread.
      return inTurn<Trace>(turns.take('live', true), task, { name: 'trace' });
    },
    shuffle(source, run) {
      const task = { source, run, sliceMs: SLICE_MS };
      return inTurn(turns.take('background'), task, { name: 'shuffle' });
    },
    async stop() {
      isStopped = true;
      endLooks();
      await pool.destroy();
    },
  };
}
