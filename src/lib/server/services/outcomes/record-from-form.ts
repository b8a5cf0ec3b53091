import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecordReply } from '#lib/contracts/outcome.ts';
import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import type { Issue } from '#lib/contracts/problem.ts';
import type { Context } from '../../context.ts';
import { AppError, invalid } from '../../errors.ts';
import { fingerprintOf, type Once } from '../idempotency/index.ts';
import { AlreadySavedError } from './already-saved.ts';
import { parseOutcomes } from './parse-outcomes.ts';
import { formIssues, readForm } from './read-form.ts';
import { recordOutcomesOnce } from './record.ts';

const RETRY_MS = 100;
const RETRIES = 30;

/** What else is wrong, besides what could not be read; all at once, so that nobody mends one field at a time. */
function issuesBeside(
  ctx: Context,
  input: unknown,
  values: OutcomeFormValues,
  issues: readonly Issue[],
): Issue[] {
  try {
    parseOutcomes([input], ctx.app.now());
    return [];
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const said = new Set(issues.map(({ path }) => path));
    return formIssues(thrown.issues, values).filter(({ path }) => !said.has(path));
  }
}

/** The first of two clicks may still be saving; the second waits for its answer rather than showing an error. */
async function recordWaiting(ctx: Context, input: unknown, once: Once): Promise<RecordReply> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await recordOutcomesOnce(ctx, [input], { source: 'form' }, once)).reply;
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'CONFLICT' || attempt >= RETRIES) throw thrown;
      await delay(RETRY_MS);
    }
  }
}

/**
 * Records what the form says. The form's key makes a double click or a resend one outcome.
 * @throws AppError VALIDATION with the form's paths, FORBIDDEN
 */
export async function recordFromForm(ctx: Context, values: OutcomeFormValues): Promise<{ id: string }> {
  const { input, issues } = readForm(values, ctx.app.now(), ctx.workspace.timezone);
  if (issues.length > 0) throw invalid([...issues, ...issuesBeside(ctx, input, values, issues)]);
  const { once: key, another: _another, ...typed } = values;
  const once = {
    key: `form/${/^[\x21-\x7e]{1,100}$/.test(key) ? key : randomUUID()}`,
    fingerprint: fingerprintOf('form', JSON.stringify(typed)),
  };
  try {
    const reply = await recordWaiting(ctx, input, once);
    const [item] = reply.items;
    if (item === undefined) throw new Error('The recorded outcome has no id.');
    return { id: item.id };
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'VALIDATION') throw thrown;
    if (thrown.issues.some(({ path }) => path === 'Idempotency-Key')) {
      throw new AlreadySavedError(thrown);
    }
    throw invalid(formIssues(thrown.issues, values));
  }
}
