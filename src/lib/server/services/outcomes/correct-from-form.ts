import type { OutcomeView } from '#lib/contracts/outcome.ts';
import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import type { Context } from '../../context.ts';
import { AppError, invalid } from '../../errors.ts';
import { correctOutcome } from './correct.ts';
import { findOutcome } from './find-outcome.ts';
import { formatWhen } from './parse-when.ts';
import { formIssues, readForm } from './read-form.ts';

/**
 * Corrects an outcome to what the form says. A time that was not touched stays to the millisecond.
 * @throws AppError VALIDATION with the form's paths, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, FORBIDDEN
 */
export async function correctFromForm(
  ctx: Context,
  id: string,
  values: OutcomeFormValues,
  revision: number | undefined,
): Promise<OutcomeView> {
  const { timezone } = ctx.workspace;
  const row = await findOutcome(ctx.app.db.sql, ctx.workspace.id, id);
  const untouched = values.when.trim() === formatWhen(row.occurred_at.getTime(), timezone);
  const { input, issues } = readForm(
    untouched ? { ...values, when: 'now' } : values,
    ctx.app.now(),
    timezone,
  );
  if (issues.length > 0) throw invalid(issues);
  const { journeyId: _journey, occurredAt, ...patch } = input;
  const when = untouched ? {} : { occurredAt: occurredAt ?? new Date(ctx.app.now()).toISOString() };
  try {
    return await correctOutcome(ctx, id, { ...patch, ...when }, revision === undefined ? {} : { revision });
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'VALIDATION') throw thrown;
    throw invalid(formIssues(thrown.issues, values));
  }
}
