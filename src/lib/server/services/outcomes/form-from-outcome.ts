import { randomUUID } from 'node:crypto';
import type { AttributeView } from '#lib/contracts/fold.ts';
import type { AttributeValue, OutcomeView } from '#lib/contracts/outcome.ts';
import type { FormAttribute, OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import { requirePermission, type Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { formatWhen } from './parse-when.ts';

const MOST_KNOWN = 64;

async function knownValues(ctx: Context): Promise<ReadonlyMap<string, AttributeView>> {
  try {
    const knowledge = await ctx.app.folds.of(ctx.workspace.id);
    return new Map(knowledge.attributes().map((attribute) => [attribute.key, attribute]));
  } catch (thrown) {
    // Recording must work while figures do not; only the suggestions are missing then.
    if (thrown instanceof AppError) return new Map();
    throw thrown;
  }
}

/** The attributes that the form offers: those of the workspace, searched ones first, with the values seen so far. */
export async function formAttributes(ctx: Context): Promise<FormAttribute[]> {
  requirePermission(ctx, 'read');
  const rows = await ctx.app.db.sql<{ key: string; label: string | null; type: AttributeView['type'] }[]>`
    select key, label, type from attributes where workspace_id = ${ctx.workspace.id} order by created_at, key`;
  const known = await knownValues(ctx);
  const place = [...known.keys()];
  const placeOf = (key: string) => (place.includes(key) ? place.indexOf(key) : place.length);
  return rows
    .map(({ key, label, type }) => ({
      key,
      label: label ?? key,
      type,
      known:
        type === 'string'
          ? (known.get(key)?.values ?? []).slice(0, MOST_KNOWN).map(({ value }) => String(value))
          : [],
    }))
    .sort((a, b) => placeOf(a.key) - placeOf(b.key));
}

const written = (value: AttributeValue): string =>
  typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);

/**
 * The form filled in from an outcome (to correct it, or to go on from the last one), or empty.
 * `keep`: everything, or only the attributes.
 */
export function formFromOutcome(
  ctx: Context,
  attributes: readonly FormAttribute[],
  outcome: OutcomeView | null,
  keep: 'all' | 'attributes' = 'all',
): OutcomeFormValues {
  const all = outcome !== null && keep === 'all' ? outcome : null;
  const valueOf = (key: string) =>
    outcome !== null && Object.hasOwn(outcome.attributes, key) ? written(outcome.attributes[key] ?? '') : '';
  return {
    subject: all?.subject ?? '',
    variant: outcome?.variant ?? '',
    journeyId: all?.journeyId ?? '',
    result: all?.result ?? '',
    value: all?.value === null || all === null ? '' : String(all.value),
    when: all === null ? 'Now' : formatWhen(Date.parse(all.occurredAt), ctx.workspace.timezone),
    note: all?.note ?? '',
    attributes: attributes.map(({ key, type }) => ({ key, type, value: valueOf(key) })),
    extra: [],
    another: outcome !== null && keep === 'attributes',
    once: randomUUID(),
  };
}
