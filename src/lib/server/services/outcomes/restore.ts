import type { OutcomeView } from '#lib/contracts/outcome.ts';
import type { Context } from '../../context.ts';
import { conflict } from '../../errors.ts';
import { closeJourneys } from '../journeys/index.ts';
import { changeOutcome, type ChangeOptions } from './change-outcome.ts';
import { logChange } from './log-correction.ts';

/**
 * Brings a deleted outcome back, with the facts that it had; it counts again, at a new position. Restoring one that
 * is not deleted is no change.
 * @throws AppError NOT_FOUND, PRECONDITION_FAILED, FORBIDDEN, CONFLICT when another outcome closed its journey since
 */
export async function restoreOutcome(
  ctx: Context,
  id: string,
  options: ChangeOptions = {},
): Promise<OutcomeView> {
  return changeOutcome(ctx, id, 'outcome.restored', options, async (tx, row) => {
    if (row.deleted_at === null) return null;
    if (row.journey_id !== null) {
      const issues = await closeJourneys(tx, ctx, [
        { index: 0, journeyId: row.journey_id, outcomeId: row.id, result: row.result, at: row.occurred_at },
      ]);
      if (issues.length > 0)
        throw conflict('Another outcome has closed its journey since. Delete that one first.');
    }
    const logged = await logChange(tx, ctx.workspace.id, row, null, row);
    const revision = row.revision + 1;
    await tx`
      update outcomes set deleted_at = null, revision = ${revision}, entry_id = ${logged.addEntry}
      where id = ${row.id}`;
    return { ...logged, revision, changes: [] };
  });
}
