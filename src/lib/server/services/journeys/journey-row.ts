import type { JourneyView } from '#lib/contracts/journey.ts';

export interface JourneyRow {
  id: string;
  subject: string;
  variant: string | null;
  state: JourneyView['state'];
  attributes: JourneyView['attributes'];
  step: string | null;
  opened_at: Date;
  last_seen_at: Date;
  closed_at: Date | null;
  outcome_id: string | null;
  opened_by: string;
  /** One more with each change; the `rev` of its events. */
  revision: number;
}

/** The one way from a row to what the API, the feed and the pages show. */
export function toJourneyView(row: JourneyRow): JourneyView {
  return {
    id: row.id,
    subject: row.subject,
    variant: row.variant,
    state: row.state,
    attributes: row.attributes,
    step: row.step,
    openedAt: row.opened_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    closedAt: row.closed_at?.toISOString() ?? null,
    outcomeId: row.outcome_id,
    openedBy: row.opened_by,
  };
}
