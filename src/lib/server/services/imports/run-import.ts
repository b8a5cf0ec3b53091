import { rankRows } from '#domain/imports/check-rows.ts';
import { collectWindow } from '#domain/imports/collect-window.ts';
import type { CsvRecord } from '#domain/imports/csv-record.ts';
import type { App } from '../../app.ts';
import { readRows } from '../../csv/read-rows.ts';
import { readPieces } from './import-parts.ts';
import type { ImportRow } from './import-row.ts';
import type { ImportProgress } from './import-progress.ts';
import { createBatchRecorder } from './record-batch.ts';
import { mapperOf, planOf, readChecked } from './read-checked.ts';

/** Rows held at once: for a larger file in random order each stretch costs one more pass over it. */
const WINDOW_ROWS = 200_000;
/** Rows a transaction: long enough to be fast, short enough that recording by hand does not wait for it. */
export const BATCH_ROWS = 1_000;

/**
 * Records the good rows from where the import is, in the order of its plan. After a crash the same plan gives the
 * same order and ids, so going on from `done` loses nothing and adds nothing twice.
 */
export async function runImport(
  app: App,
  row: ImportRow,
  progress: ImportProgress,
  stopped: () => boolean,
): Promise<void> {
  const plan = planOf(row);
  const checked = await readChecked(app.db.sql, row, stopped);
  if (checked === null) return;
  const ranks = rankRows(checked, plan.mapping.time !== null, plan.seed);
  const record = await createBatchRecorder(app, row);

  while (progress.done < checked.good) {
    const from = progress.done;
    const to = Math.min(checked.good, from + WINDOW_ROWS);
    const records = await readWindow(app, row, ranks, from, to);
    // A new one for each pass: it remembers the ids it has seen.
    const mapper = mapperOf(row);
    for (let at = 0; at < records.length; at += BATCH_ROWS) {
      if (stopped()) return;
      const batch = records.slice(at, at + BATCH_ROWS);
      const counts = await record(batch, mapper);
      if (!(await progress.advance(batch.length, counts))) return;
    }
  }
  await progress.finish();
}

async function readWindow(
  app: App,
  row: ImportRow,
  ranks: Int32Array,
  from: number,
  to: number,
): Promise<readonly CsvRecord[]> {
  const window = collectWindow(ranks, from, to);
  for await (const records of readRows(readPieces(app.db.sql, row.id, row.encoding), row.separator)) {
    if (window.add(records)) return window.records;
  }
  throw new Error(`The file of import ${row.id} ends before all of its rows were found again.`);
}
