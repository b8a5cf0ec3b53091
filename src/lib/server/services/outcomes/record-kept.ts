import { keptOutcomeSchema, type KeptOutcomeReply } from '#lib/contracts/kept-outcome.ts';
import type { Context } from '../../context.ts';
import { AppError, notFound } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { recordFromForm } from './record-from-form.ts';

/** Sent at once; the time of recording is then the server's, as for a form. */
const AT_ONCE_MS = 5_000;
/** Nobody waits longer; a clock was wrong. */
const LONGEST_WAIT_MS = 366 * 86_400_000;

/**
 * When something that waited was recorded, by this server's clock: the wait is measured by the browser's, whose error
 * falls out of the difference. A wait that cannot be (negative, or more than a year: the browser's clock was set in
 * between) counts as none.
 */
export function recordedAtMs(kept: { recordedAt: number; sentAt: number }, nowMs: number): number {
  const waitedMs = kept.sentAt - kept.recordedAt;
  return waitedMs > AT_ONCE_MS && waitedMs <= LONGEST_WAIT_MS ? nowMs - waitedMs : nowMs;
}

/**
 * Records an outcome that a browser kept, once however often and however late it is sent.
 * @throws AppError UNAUTHENTICATED (somebody else recorded it), NOT_FOUND (in another workspace), VALIDATION with the
 * form's paths, CONFLICT (it was saved with other content, or with a time to wait: is being saved), FORBIDDEN
 */
export async function recordKept(ctx: Context, body: unknown): Promise<KeptOutcomeReply> {
  const kept = parseInput(keptOutcomeSchema, body);
  if (kept.user !== ctx.actor.id) {
    throw new AppError('UNAUTHENTICATED', 'Somebody else recorded this. Log in as the one who did.');
  }
  if (kept.workspace !== ctx.workspace.id) throw notFound('workspace');
  return recordFromForm(ctx, kept.values, { recordedAtMs: recordedAtMs(kept, ctx.app.now()) });
}
