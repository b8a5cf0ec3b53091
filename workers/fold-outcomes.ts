import { foldBatch, type FoldResult, type FoldTask } from '#domain/patterns/fold-batch.ts';
import { leadingPatterns } from '#domain/patterns/leading-patterns.ts';
import { scanColumns, type ScanCounts } from '#domain/patterns/scan-columns.ts';
import type { Columns } from '#domain/patterns/columns.ts';

/** Classes do not survive cloning between threads: errors travel as name and message. */
export interface FailedTask {
  readonly ok: false;
  readonly error: { readonly name: string; readonly message: string };
}

export type FoldReply =
  | ({ readonly ok: true; readonly leaders: readonly number[]; readonly foldMs: number } & FoldResult)
  | FailedTask;

/** Piscina's entry: folds one batch into a copy of the front image, and says which patterns lead then. */
export default async function foldOutcomes(task: FoldTask): Promise<FoldReply> {
  const started = performance.now();
  try {
    const result = foldBatch(task);
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

function failed(error: unknown): FailedTask {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { ok: false, error: { name, message } };
}
