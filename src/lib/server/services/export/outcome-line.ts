import type { AttributeValue, Result } from '#lib/contracts/outcome.ts';

/** One line of an export: what `POST /api/v1/outcomes` and `npm run record` read. */
export interface OutcomeLine {
  externalId: string;
  subject: string;
  variant?: string;
  result: Result;
  value?: number;
  attributes: Record<string, AttributeValue>;
  occurredAt: string;
  note?: string;
}

interface Exported {
  id: string;
  externalId: string | null;
  subject: string;
  variant: string | null;
  result: Result;
  value: number | null;
  attributes: Record<string, AttributeValue>;
  occurredAt: string;
  note: string | null;
}

/** Before the id of an outcome that has no external one, so that a second import of the export adds nothing. */
export const OWN_ID_PREFIX = 'telltale:';

/** An outcome as a line. Journeys stay behind: they are not part of the log. */
export function toOutcomeLine(outcome: Exported): OutcomeLine {
  return {
    externalId: outcome.externalId ?? `${OWN_ID_PREFIX}${outcome.id}`,
    subject: outcome.subject,
    ...(outcome.variant === null ? {} : { variant: outcome.variant }),
    result: outcome.result,
    ...(outcome.value === null ? {} : { value: outcome.value }),
    attributes: outcome.attributes,
    occurredAt: outcome.occurredAt,
    ...(outcome.note === null ? {} : { note: outcome.note }),
  };
}
