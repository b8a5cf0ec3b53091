import { foldBatch, type FoldResult, type FoldTask } from '#domain/patterns/fold-batch.ts';
import { BlockIncrements } from '#domain/statistics/block-increments.ts';
import { leadingPatterns } from '#domain/patterns/leading-patterns.ts';
import { scanColumns, type ScanCounts } from '#domain/patterns/scan-columns.ts';
import type { Columns } from '#domain/patterns/columns.ts';
import {
  dealResults,
  foldShuffle,
  shuffleFindings,
  type ShuffleFindings,
  type ShuffleRun,
  type ShuffleSource,
} from '#domain/patterns/shuffled-log.ts';
import { type EvidenceTrace, traceEvidence, type TraceTask } from '#domain/patterns/trace-evidence.ts';

/** Classes do not survive cloning between threads: errors travel as name and message. */
export interface FailedTask {
  readonly ok: false;
  readonly error: { readonly name: string; readonly message: string };
}

export type FoldReply =
  | ({ readonly ok: true; readonly leaders: readonly number[]; readonly foldMs: number } & FoldResult)
  | FailedTask;

/** Of this thread: what blocks have cost before. */
const increments = new BlockIncrements();

/** A task that says how it goes on, by counting steps in the first place of this buffer. */
export interface WatchedTask {
  readonly steps: SharedArrayBuffer;
}

/** Piscina's entry: folds one batch into a copy of the front image, and says which patterns lead then. */
export default async function foldOutcomes(task: FoldTask & WatchedTask): Promise<FoldReply> {
  const started = performance.now();
  const steps = new Int32Array(task.steps);
  try {
    const result = foldBatch(task, increments, () => Atomics.add(steps, 0, 1));
    const leaders = leadingPatterns(result.image).map(({ index }) => index);
    return { ok: true, ...result, leaders, foldMs: performance.now() - started };
  } catch (error) {
    return failed(error);
  }
}

export interface ScanTask {
  readonly columns: Columns;
  readonly position: number;
  readonly slots: readonly number[];
  readonly codes: readonly number[];
}

/** `run(task, { name: 'scan' })`: counts a conjunction that the cube does not hold. */
export async function scan(task: ScanTask): Promise<({ readonly ok: true } & ScanCounts) | FailedTask> {
  try {
    return { ok: true, ...scanColumns(task.columns, task.position, task.slots, task.codes) };
  } catch (error) {
    return failed(error);
  }
}

/** Counts of the pattern and of everything as of the mark; null without one. */
export type Trace = EvidenceTrace & {
  readonly marked: { readonly own: ScanCounts; readonly all: ScanCounts } | null;
};

/** `run(task, { name: 'trace' })`: how the evidence of one pattern came to be what it is. */
export async function trace(task: TraceTask): Promise<({ readonly ok: true } & Trace) | FailedTask> {
  try {
    const { columns, mark, items } = task;
    const marked =
      mark === null
        ? null
        : {
            own: scanColumns(columns, mark, items.slots, items.codes),
            all: scanColumns(columns, mark, [], []),
          };
    return { ok: true, ...traceEvidence(task, increments), marked };
  } catch (error) {
    return failed(error);
  }
}

export interface ShuffleTask {
  readonly source: ShuffleSource;
  /** A text that names this shuffle, or the run that goes on. */
  readonly run: ShuffleRun | string;
  readonly sliceMs: number;
}

export interface ShuffleSlice {
  readonly run: ShuffleRun;
  /** Null while it is not done. */
  readonly findings: ShuffleFindings | null;
}

/** `run(task, { name: 'shuffle' })`: folds outcomes with results dealt by chance, for a slice. */
export async function shuffle({
  source,
  run,
  sliceMs,
}: ShuffleTask): Promise<({ readonly ok: true } & ShuffleSlice) | FailedTask> {
  const started = performance.now();
  try {
    const begun = typeof run === 'string' ? dealResults(source, run) : run;
    const carried = foldShuffle(begun, increments, () => performance.now() - started >= sliceMs);
    const isDone = carried.folded >= carried.rows;
    return { ok: true, run: carried, findings: isDone ? shuffleFindings(carried) : null };
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): FailedTask {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { ok: false, error: { name, message } };
}
