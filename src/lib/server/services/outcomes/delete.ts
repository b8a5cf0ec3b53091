import type { OutcomeView } from '#lib/contracts/outcome.ts';
import type { Context } from '../../context.ts';
import { reopenJourney } from '../journeys/index.ts';
import { changeOutcome, type ChangeOptions } from './change-outcome.ts';
import { logChange } from './log-correction.ts';

/**
 * Deletes an outcome: it no longer counts and is hidden from lists; its history stays and its externalId stays
 * taken. A journey that it had closed is open again. Deleting it again is no change.
 * @throws AppError NOT_FOUND, PRECONDITION_FAILED, FORBIDDEN
 */
export async function deleteOutcome(
  ctx: Context,
  id: string,
  options: ChangeOptions = {},
): Promise<OutcomeView> {
  return changeOutcome(ctx, id, 'outcome.deleted', options, async (tx, row) => {
    if (row.deleted_at !== null) return null;
    const logged = await logChange(tx, ctx.workspace.id, row, row, null);
    const revision = row.revision + 1;
    await tx`
      update outcomes set deleted_at = date_trunc('milliseconds', now()), revision = ${revision},
        entry_id = ${logged.retractEntry}
      where id = ${row.id}`;
    await reopenJourney(tx, ctx, row.id);
    return { ...logged, revision, changes: [] };
  });
}
