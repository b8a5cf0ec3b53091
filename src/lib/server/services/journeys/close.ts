import type { Result } from '#lib/contracts/outcome.ts';
import type { JourneyState, JourneyView } from '#lib/contracts/journey.ts';
import type { Issue } from '#lib/contracts/problem.ts';
import type { Context } from '../../context.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { appendEvents, type FeedEvent } from '../../event-log/append-events.ts';
import { toJourneyView, type JourneyRow } from './journey-row.ts';

/** An outcome that ends a journey. */
export interface Closing {
  /** Place of the outcome in its request, for issues. */
  index: number;
  journeyId: string;
  outcomeId: string;
  result: Result;
  at: Date;
}

const STATE_OF: Record<Result, JourneyState> = {
  success: 'succeeded',
  failure: 'failed',
  neutral: 'neutral',
};
const ONE_BY_ONE = 50;
const BULK = 100;

function closedEvents(rows: readonly JourneyRow[]): FeedEvent[] {
  if (rows.length <= ONE_BY_ONE) {
    return rows.map((row) => ({
      type: 'journey.closed',
      key: row.id,
      rev: row.revision,
      value: toJourneyView(row),
    }));
  }
  const events: FeedEvent[] = [];
  for (let start = 0; start < rows.length; start += BULK) {
    const items: JourneyView[] = rows.slice(start, start + BULK).map(toJourneyView);
    events.push({ type: 'journey.closed', key: `bulk/${items[0]?.id}`, rev: 1, value: { items } });
  }
  return events;
}

/**
 * Closes open journeys by the outcomes that end them, in the caller's transaction. The caller must roll back when
 * there are issues.
 * @returns one issue for each journey that is not known here or is not open
 */
export async function closeJourneys(
  tx: TransactionSql | Sql,
  ctx: Context,
  closings: readonly Closing[],
): Promise<Issue[]> {
  if (closings.length === 0) return [];
  const column = <T>(of: (closing: Closing) => T): T[] => closings.map(of);
  const rows = await tx<JourneyRow[]>`
    with wanted as (
      select * from unnest(
        ${column((c) => c.journeyId)}::uuid[], ${column((c) => c.outcomeId)}::uuid[],
        ${column((c) => STATE_OF[c.result])}::text[], ${column((c) => c.at.toISOString())}::timestamptz[]
      ) as w (id, outcome_id, state, closed_at)
    ), locked as (
      select j.id from journeys as j
      where j.id = any(${column((c) => c.journeyId)}::uuid[]) and j.workspace_id = ${ctx.workspace.id}
        and j.state = 'open'
      order by j.id for update
    )
    update journeys as j
    set state = wanted.state, outcome_id = wanted.outcome_id, closed_at = wanted.closed_at, last_seen_at = now(),
        revision = j.revision + 1
    from wanted join locked using (id)
    where j.id = wanted.id and j.state = 'open'
    returning j.*`;
  const closed = new Set(rows.map((row) => row.id));
  const issues = closings
    .filter(({ journeyId }) => !closed.has(journeyId))
    .map(({ index }) => ({
      index,
      path: 'journeyId',
      message:
        'There is no open journey with this id. It may be closed already: correct the outcome that closed it.',
    }));
  if (issues.length === 0) await appendEvents(tx, ctx.workspace.id, closedEvents(rows));
  return issues;
}

/** Opens the journey again that this outcome had closed, if any, in the caller's transaction. */
export async function reopenJourney(tx: TransactionSql, ctx: Context, outcomeId: string): Promise<void> {
  const rows = await tx<JourneyRow[]>`
    update journeys set state = 'open', outcome_id = null, closed_at = null, revision = revision + 1
    where workspace_id = ${ctx.workspace.id} and outcome_id = ${outcomeId}
    returning *`;
  await appendEvents(
    tx,
    ctx.workspace.id,
    rows.map((row) => ({
      type: 'journey.reopened',
      key: row.id,
      rev: row.revision,
      value: toJourneyView(row),
    })),
  );
}

/** The result of the outcome that closed a journey was corrected: the journey ended that way. */
export async function restateClosing(
  tx: TransactionSql,
  ctx: Context,
  outcomeId: string,
  result: Result,
): Promise<void> {
  const rows = await tx<JourneyRow[]>`
    update journeys set state = ${STATE_OF[result]}, revision = revision + 1
    where workspace_id = ${ctx.workspace.id} and outcome_id = ${outcomeId}
    returning *`;
  await appendEvents(tx, ctx.workspace.id, closedEvents(rows));
}
