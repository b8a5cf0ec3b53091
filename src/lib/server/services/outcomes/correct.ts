import { outcomePatchSchema, type OutcomePatch, type OutcomeView } from '#lib/contracts/outcome.ts';
import type { Context } from '../../context.ts';
import { conflict, invalid } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { fixAttributeTypes } from '../attribute-types/index.ts';
import { restateClosing } from '../journeys/index.ts';
import { changeOutcome, type ChangeOptions } from './change-outcome.ts';
import { changesBetween, countsDiffer, type Correctable } from './changes.ts';
import { logChange } from './log-correction.ts';
import type { OutcomeRow } from './outcome-row.ts';
import { emptyToNull, futureProblem, presentAttributes, roundValue } from './parse-outcomes.ts';

function corrected(row: OutcomeRow, patch: OutcomePatch): Correctable {
  return {
    subject: patch.subject ?? row.subject,
    variant: patch.variant === undefined ? row.variant : patch.variant,
    result: patch.result ?? row.result,
    value: patch.value === undefined ? row.value : patch.value === null ? null : roundValue(patch.value),
    attributes: patch.attributes === undefined ? row.attributes : presentAttributes(patch.attributes),
    note: patch.note === undefined ? row.note : emptyToNull(patch.note),
    occurred_at: patch.occurredAt === undefined ? row.occurred_at : new Date(patch.occurredAt),
  };
}

/**
 * Corrects an outcome: what the patch leaves out stays. Takes the former facts back in the log and adds the new
 * ones; a correction of only subject, variant or note leaves the log alone, because nothing counted changes.
 * The same content again is no change.
 * @throws AppError VALIDATION, NOT_FOUND, CONFLICT (deleted), PRECONDITION_FAILED, FORBIDDEN
 */
export async function correctOutcome(
  ctx: Context,
  id: string,
  input: unknown,
  options: ChangeOptions = {},
): Promise<OutcomeView> {
  const patch = parseInput(outcomePatchSchema, input);
  const future =
    patch.occurredAt === undefined ? null : futureProblem(Date.parse(patch.occurredAt), ctx.app.now());
  if (future !== null) throw invalid([{ path: 'occurredAt', message: future }]);
  return changeOutcome(ctx, id, 'outcome.corrected', options, async (tx, row) => {
    if (row.deleted_at !== null) throw conflict('This outcome is deleted. Restore it first.');
    const next = corrected(row, patch);
    const changes = changesBetween(row, next);
    if (changes.length === 0) return null;
    const issues = await fixAttributeTypes(tx, ctx, [{ index: 0, attributes: next.attributes }]);
    if (issues.length > 0) throw invalid(issues.map(({ path, message }) => ({ path, message })));
    const logged = countsDiffer(changes)
      ? await logChange(tx, ctx.workspace.id, row, row, next)
      : { retracts: null, retractEntry: null, addEntry: null };
    const revision = row.revision + 1;
    await tx`
      update outcomes set subject = ${next.subject}, variant = ${next.variant}, result = ${next.result},
        value = ${next.value}, attributes = ${tx.json(next.attributes)}, note = ${next.note},
        occurred_at = ${next.occurred_at}, revision = ${revision}, entry_id = ${logged.addEntry ?? row.entry_id}
      where id = ${row.id}`;
    if (next.result !== row.result) await restateClosing(tx, ctx, row.id, next.result);
    return { ...logged, revision, changes };
  });
}
