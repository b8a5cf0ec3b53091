import type { ImportView } from '#lib/contracts/feed.ts';
import { requirePermission, type Context } from '../../context.ts';
import { conflict } from '../../errors.ts';
import { changeImport } from './change-import.ts';
import { newerThanBefore } from './import-row.ts';

/**
 * Imports the good rows of a checked file and leaves the bad ones out.
 * @throws AppError CONFLICT (not checked, or no good row), FORBIDDEN, NOT_FOUND
 */
export async function startImport(ctx: Context, id: string): Promise<ImportView> {
  requirePermission(ctx, 'record');
  return changeImport(ctx, id, 'import.started', async (tx, row) => {
    if (row.state !== 'ready' || row.plan === null) throw conflict('This import does not wait for a start.');
    if (row.problem_count >= (row.rows ?? 0)) throw conflict('No row of this file can be imported.');
    await tx`
      update imports set state = 'importing', skipped = problem_count,
        plan = ${tx.json({ ...row.plan, skipBad: true } as never)}, updated_at = ${newerThanBefore(tx)}
      where id = ${id}`;
    return { skipped: row.problem_count };
  });
}

/**
 * Stops an import. What it has recorded so far stays recorded; importing the file again goes on from there.
 * @throws AppError CONFLICT (over already), FORBIDDEN, NOT_FOUND
 */
export async function cancelImport(ctx: Context, id: string): Promise<ImportView> {
  requirePermission(ctx, 'record');
  return changeImport(ctx, id, 'import.cancelled', async (tx, row) => {
    if (row.state === 'done' || row.state === 'cancelled') throw conflict('This import is over already.');
    await tx`update imports set state = 'cancelled', finished_at = now(), updated_at = ${newerThanBefore(tx)} where id = ${id}`;
    return { done: row.done, rows: row.rows };
  });
}
