import {
  historyQuerySchema,
  type HistoryEpoch,
  type HistoryPoint,
  type PatternHistory,
} from '#lib/contracts/pattern-insight.ts';
import { EPOCH_ENDS } from '#lib/domain/patterns/fold-effect.ts';
import { wilsonInterval } from '#lib/domain/statistics/wilson-interval.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import { requirePermission, type Context } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { getPattern } from './read-patterns.ts';

interface HistoryRow extends Omit<HistoryPoint, 'at' | 'rate' | 'wilson' | 'events' | 'trigger'> {
  at: Date;
  events: HistoryPoint['events'] | null;
  triggerPosition: number | null;
  outcomeId: string | null;
  subject: string | null;
  variant: string | null;
}

/**
 * The kept points of a pattern, ascending, the newest page first. They outlive the pattern's place among the tracked.
 * @throws AppError VALIDATION, FORBIDDEN, NOT_FOUND, UNAVAILABLE
 */
export async function patternHistory(ctx: Context, id: string, input: unknown): Promise<PatternHistory> {
  requirePermission(ctx, 'read');
  const { limit, cursor } = parseInput(historyQuerySchema, input);
  const before = cursor === undefined ? null : Number(cursor);
  if (before !== null && !Number.isSafeInteger(before)) {
    throw invalid([{ path: 'cursor', message: 'This is not a cursor of a history.' }]);
  }
  const knowledge = await ctx.app.folds.of(ctx.workspace.id);
  const { asOf } = knowledge;
  const { sql } = ctx.app.db;
  const rows = await sql<HistoryRow[]>`
    select h.position, h.at, h.n, h.successes, h.confidence, h.confidence_worse as "confidenceWorse",
      h.confidence_before as "confidenceBefore", h.log_e as "logE", h.status, h.events,
      h.trigger_position as "triggerPosition", h.processing_ms as "processingMs",
      o.id as "outcomeId", o.subject, o.variant
    from pattern_history as h
    left join log_entries as e on e.workspace_id = h.workspace_id and e.position = h.trigger_position
    left join outcomes as o on o.id = e.outcome_id
    where h.workspace_id = ${ctx.workspace.id} and h.pattern_id = ${id}
      ${before === null ? sql`` : sql`and h.position < ${before}`}
    order by h.position desc
    limit ${limit + 1}`;
  // One that has left may have no points.
  if (rows.length === 0) await getPattern(ctx, id);
  const page = rows.slice(0, limit);
  const oldest = page.at(-1);
  return {
    asOf,
    id,
    items: page.map(toPoint).reverse(),
    epochs: await epochsOf(ctx, id, page, knowledge.getPattern(id)),
    next: rows.length > limit && oldest !== undefined ? String(oldest.position) : null,
  };
}

type Confidences = Pick<PatternView, 'confidence' | 'confidenceWorse'>;

/** Those that a page of rows, newest first, is of. `pattern`: as it is now; null where it has left. */
async function epochsOf(
  ctx: Context,
  id: string,
  page: readonly HistoryRow[],
  pattern: PatternView | null,
): Promise<HistoryEpoch[]> {
  const [newest, oldest] = [page[0], page.at(-1)];
  if (newest === undefined || oldest === undefined) return [];
  // The last row of one that has left is of what has left, though its batch went on.
  const ends = await ctx.app.db.sql<{ until: number; side: HistoryEpoch['side'] }[]>`
    select case when e.kind = 'evicted' and h.status = 'retired' then h.position + 1 else e.position end as until,
      e.side
    from pattern_history as h
    cross join lateral jsonb_to_recordset(h.events) as e (kind text, side text, position bigint)
    where h.workspace_id = ${ctx.workspace.id} and h.pattern_id = ${id} and h.position >= ${oldest.position}
      and case
        -- Of what a reading has found before its own point there are no points.
        when h.events @> '[{"kind": "reread"}]' then e.kind = 'reread'
        else e.kind = any(${EPOCH_ENDS}::text[])
      end
    order by 1`;
  const epochs: HistoryEpoch[] = ends.filter(({ until }) => until > oldest.position);
  const last = epochs.findIndex(({ until }) => until !== null && until > newest.position);
  if (last >= 0) return epochs.slice(0, last + 1);
  return [...epochs, { until: null, side: pattern?.direction ?? strongerSide(pattern ?? newest) }];
}

const strongerSide = ({ confidence, confidenceWorse }: Confidences): HistoryEpoch['side'] =>
  (confidenceWorse ?? 0) > (confidence ?? 0) ? 'worse' : 'better';

function toPoint(row: HistoryRow): HistoryPoint {
  const { at, events, triggerPosition, outcomeId, subject, variant, ...point } = row;
  return {
    ...point,
    at: at.toISOString(),
    rate: row.n === 0 ? null : row.successes / row.n,
    wilson: wilsonInterval(row.successes, row.n),
    events: events ?? [],
    trigger:
      triggerPosition === null || outcomeId === null || subject === null
        ? null
        : { position: triggerPosition, outcomeId, subject, variant },
  };
}
