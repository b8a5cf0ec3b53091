import type { AttributeValue } from '#lib/contracts/outcome.ts';
import type { OutcomeRow } from './outcome-row.ts';
import type { OutcomeFacts } from './parse-outcomes.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;

export function sameAttributes(a: Attributes, b: Attributes): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
  );
}

/** Whether an outcome that was sent again says what is kept; a time that was left out says nothing. */
export function sameContent(facts: OutcomeFacts, row: OutcomeRow): boolean {
  return (
    facts.subject === row.subject &&
    facts.variant === row.variant &&
    facts.journeyId === row.journey_id &&
    facts.result === row.result &&
    facts.value === row.value &&
    facts.note === row.note &&
    (facts.occurredAtMs === null || facts.occurredAtMs === row.occurred_at.getTime()) &&
    sameAttributes(facts.attributes, row.attributes)
  );
}
