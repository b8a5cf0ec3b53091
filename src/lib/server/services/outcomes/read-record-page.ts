import { randomUUID } from 'node:crypto';
import type { JourneyView } from '#lib/contracts/journey.ts';
import type { OutcomeView } from '#lib/contracts/outcome.ts';
import type { FormAttribute, OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import type { Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { AlreadySavedError } from './already-saved.ts';
import { listJourneys } from '../journeys/index.ts';
import { findOutcome } from './find-outcome.ts';
import { formAttributes, formFromOutcome } from './form-from-outcome.ts';
import { listOwnOutcomes } from './list.ts';
import { toOutcomeView } from './outcome-row.ts';

const RECENT = 5;
const JOURNEYS = 100;

/** What the page of the record form starts from. */
export interface RecordPage {
  attributes: FormAttribute[];
  values: OutcomeFormValues;
  /** The outcome that was just saved; the form goes on with its attributes. */
  saved: OutcomeView | null;
  /** The one that was just undone; the form has everything of it again. */
  undone: OutcomeView | null;
  journeys: { items: JourneyView[]; complete: boolean };
  recent: OutcomeView[];
}

/** An outcome that an address names; null when there is none, because addresses are kept and shared. */
async function findNamed(ctx: Context, id: string | null): Promise<OutcomeView | null> {
  if (id === null) return null;
  try {
    return toOutcomeView(await findOutcome(ctx.app.db.sql, ctx.workspace.id, id));
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'NOT_FOUND') return null;
    throw thrown;
  }
}

/** The outcome that was just saved, unless it is deleted again. */
export async function findSaved(ctx: Context, id: string | null): Promise<OutcomeView | null> {
  const named = await findNamed(ctx, id);
  return named === null || named.deletedAt !== null ? null : named;
}

async function findUndone(ctx: Context, id: string | null): Promise<OutcomeView | null> {
  const named = await findNamed(ctx, id);
  return named === null || named.deletedAt === null ? null : named;
}

/** @throws AppError FORBIDDEN */
export async function readRecordPage(
  ctx: Context,
  from: { saved: string | null; undone: string | null; subject: string | null; journeyId: string | null },
): Promise<RecordPage> {
  const [attributes, saved, undone, journeys, recent] = await Promise.all([
    formAttributes(ctx),
    findSaved(ctx, from.saved),
    findUndone(ctx, from.undone),
    listJourneys(ctx, { state: 'open', limit: JOURNEYS }),
    listOwnOutcomes(ctx, RECENT),
  ]);
  const values =
    undone === null
      ? formFromOutcome(ctx, attributes, saved, 'attributes')
      : formFromOutcome(ctx, attributes, undone);
  return {
    attributes,
    values: {
      ...values,
      subject: from.subject?.slice(0, 200) ?? values.subject,
      journeyId: from.journeyId ?? values.journeyId,
    },
    saved,
    undone,
    journeys: { items: journeys.items, complete: journeys.next === null },
    recent,
  };
}

/**
 * The values for the refused form: with a new key when the old one belongs to what is saved already. A first click
 * that still saves keeps the key, or the next one would record it twice.
 */
export function renewKey(thrown: unknown, values: OutcomeFormValues): OutcomeFormValues {
  return thrown instanceof AlreadySavedError ? { ...values, once: randomUUID() } : values;
}
