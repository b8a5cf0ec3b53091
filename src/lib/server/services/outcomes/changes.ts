import type { AttributeValue, OutcomeHistoryEntry } from '#lib/contracts/outcome.ts';
import type { LoggedChange } from './log-correction.ts';
import type { OutcomeRow } from './outcome-row.ts';

type Change = OutcomeHistoryEntry['changes'][number];

/** What of an outcome a person can correct. */
export type Correctable = Pick<
  OutcomeRow,
  'subject' | 'variant' | 'result' | 'value' | 'attributes' | 'note' | 'occurred_at'
>;

const NAMES = {
  subject: 'subject',
  variant: 'variant',
  result: 'result',
  value: 'value',
  note: 'note',
} as const;

function attributeChanges(from: OutcomeRow['attributes'], to: OutcomeRow['attributes']): Change[] {
  const own = (attributes: OutcomeRow['attributes'], key: string): AttributeValue | null =>
    Object.hasOwn(attributes, key) ? (attributes[key] ?? null) : null;
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((key) => own(from, key) !== own(to, key))
    .map((key) => ({ field: `attributes.${key}`, from: own(from, key), to: own(to, key) }));
}

/** Fields in which the two differ, as the history shows them. */
export function changesBetween(from: Correctable, to: Correctable): Change[] {
  const changes: Change[] = [];
  for (const key of Object.keys(NAMES) as (keyof typeof NAMES)[]) {
    if (from[key] !== to[key]) changes.push({ field: NAMES[key], from: from[key], to: to[key] });
  }
  if (from.occurred_at.getTime() !== to.occurred_at.getTime()) {
    changes.push({
      field: 'occurredAt',
      from: from.occurred_at.toISOString(),
      to: to.occurred_at.toISOString(),
    });
  }
  return [...changes, ...attributeChanges(from.attributes, to.attributes)];
}

/** Fields that the fold does not see: changing only these needs no entry in the log. */
const UNCOUNTED = new Set(['subject', 'variant', 'note']);

export const countsDiffer = (changes: readonly Change[]): boolean =>
  changes.some(({ field }) => !UNCOUNTED.has(field));

/** What the audit row of a change keeps, for the history of the outcome. */
export interface ChangeRecord extends LoggedChange {
  revision: number;
  changes: Change[];
}
