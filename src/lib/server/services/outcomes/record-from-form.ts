import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecordReply } from '#lib/contracts/outcome.ts';
import { FORM_KEY, keptExternalId, type OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
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
 * Records what the form says. The form's key makes a double click or a resend one outcome. `kept`: a browser held it
 * back since `recordedAtMs`; then the key is also its externalId, because it may come again after the day for which
 * keys are remembered.
 * @returns its id, and whether it was known by its externalId
 * @throws AppError VALIDATION with the form's paths, FORBIDDEN, CONFLICT (AlreadySavedError, or still being saved)
 */
export async function recordFromForm(
  ctx: Context,
  values: OutcomeFormValues,
  kept: { recordedAtMs: number } | null = null,
): Promise<{ id: string; duplicate: boolean }> {
  const nowMs = ctx.app.now();
  const writtenAtMs = kept?.recordedAtMs ?? nowMs;
  const { input, issues } = readForm(values, writtenAtMs, ctx.workspace.timezone);
  if (issues.length > 0) throw invalid([...issues, ...issuesBeside(ctx, input, values, issues)]);
  const { once: key, another: _another, ...typed } = values;
  const once = {
    key: `form/${FORM_KEY.test(key) ? key : randomUUID()}`,
    fingerprint: fingerprintOf('form', JSON.stringify(typed)),
  };
  const whole = {
    ...(writtenAtMs < nowMs ? { occurredAt: new Date(writtenAtMs).toISOString() } : {}),
    ...input,
    ...(kept === null ? {} : { externalId: keptExternalId(key) }),
  };
  try {
    const reply = await recordWaiting(ctx, whole, once);
    const [item] = reply.items;
    if (item === undefined) throw new Error('The recorded outcome has no id.');
    return { id: item.id, duplicate: item.duplicate };
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'VALIDATION') throw thrown;
    if (thrown.issues.some(({ path }) => path === 'Idempotency-Key')) {
      throw new AlreadySavedError(thrown);
    }
    throw invalid(formIssues(thrown.issues, values));
  }
}
