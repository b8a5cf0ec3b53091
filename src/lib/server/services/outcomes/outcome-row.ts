import type { OutcomeView } from '#lib/contracts/outcome.ts';

/** A row of `outcomes` with the position of its current entry. */
export interface OutcomeRow {
  id: string;
  external_id: string | null;
  subject: string;
  variant: string | null;
  journey_id: string | null;
  result: OutcomeView['result'];
  value: number | null;
  attributes: OutcomeView['attributes'];
  note: string | null;
  occurred_at: Date;
  recorded_at: Date;
  recorded_by: string;
  source: OutcomeView['source'];
  revision: number;
  entry_id: number;
  position: number | null;
  backfill: boolean;
  deleted_at: Date | null;
}

/** The one way from a row to what the API, the feed and the pages show. */
export function toOutcomeView(row: OutcomeRow): OutcomeView {
  return {
    id: row.id,
    externalId: row.external_id,
    subject: row.subject,
    variant: row.variant,
    journeyId: row.journey_id,
    result: row.result,
    value: row.value,
    attributes: row.attributes,
    note: row.note,
    occurredAt: row.occurred_at.toISOString(),
    recordedAt: row.recorded_at.toISOString(),
    recordedBy: row.recorded_by,
    source: row.source,
    revision: row.revision,
    position: row.position,
    backfill: row.backfill,
    deletedAt: row.deleted_at?.toISOString() ?? null,
  };
}
