import type { App } from '../../app.ts';
import { announceImport } from './change-import.ts';
import { newerThanBefore, readImport, type ImportRow } from './import-row.ts';
import { readChecked } from './read-checked.ts';

/**
 * Checks the whole file. Without bad rows the import begins; otherwise it waits for a person. Nothing is recorded
 * here, so doing it again after a crash is harmless.
 */
export async function runCheck(app: App, row: ImportRow, stopped: () => boolean): Promise<void> {
  const checked = await readChecked(app.db.sql, row, stopped);
  if (checked === null) return;
  const state = checked.bad === 0 && checked.rows > 0 ? 'importing' : 'ready';
  await app.db.sql.begin(async (tx) => {
    const [changed] = await tx`
      update imports set state = ${state}, rows = ${checked.rows}, problems = ${tx.json(checked.problems as never)},
        problem_count = ${checked.bad}, updated_at = ${newerThanBefore(tx)}
      where id = ${row.id} and state = 'checking' and updated_at = ${row.updated_at} returning id`;
    // Cancelled, or checked anew with another mapping, while we read.
    if (changed === undefined) return;
    const now = await readImport(tx, row.id);
    if (now !== null) await announceImport(tx, now);
  });
  app.doorbell.ringFeed();
}
