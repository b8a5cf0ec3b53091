import { journeyInputSchema, type JourneyView } from '#lib/contracts/journey.ts';
import { requirePermission, type Context } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { appendEvents } from '../../event-log/append-events.ts';
import { parseInput } from '../../parse-input.ts';
import { requireRealWorkspace } from '../../real-workspace.ts';
import { uuidV7 } from '../../uuid-v7.ts';
import { checkAttributeTypes } from '../attribute-types/index.ts';
import { transactOnce, type Once } from '../idempotency/index.ts';
import { toJourneyView, type JourneyRow } from './journey-row.ts';
import { mergeAttributes } from './merge-attributes.ts';

/**
 * Opens a journey: a case that is under way until an outcome names it.
 * @throws AppError VALIDATION, FORBIDDEN, CONFLICT (the same request still runs)
 */
export async function openJourney(
  ctx: Context,
  input: unknown,
  once: Once | null = null,
): Promise<{ journey: JourneyView; replayed: boolean }> {
  requirePermission(ctx, 'record');
  requireRealWorkspace(ctx);
  const journey = parseInput(journeyInputSchema, input);
  const attributes = mergeAttributes({}, journey.attributes);
  const openedAt = journey.openedAt ? new Date(journey.openedAt) : new Date(ctx.app.now());
  const { answer, replayed } = await transactOnce(ctx, once, async (tx) => {
    const issues = await checkAttributeTypes(tx, ctx.workspace.id, [{ index: 0, attributes }]);
    if (issues.length > 0) throw invalid(issues.map(({ path, message }) => ({ path, message })));
    const id = uuidV7(ctx.app.now());
    const [row] = await tx<JourneyRow[]>`
      insert into journeys (id, workspace_id, subject, variant, attributes, step, opened_at, last_seen_at, opened_by)
      values (${id}, ${ctx.workspace.id}, ${journey.subject}, ${journey.variant ?? null}, ${tx.json(attributes)},
        ${journey.step ?? null}, ${openedAt}, ${openedAt}, ${ctx.actor.name})
      returning *`;
    if (row === undefined) throw new Error('The journey was not written.');
    if (journey.step) {
      await tx`
        insert into journey_steps (id, workspace_id, journey_id, step, at)
        values (${uuidV7(ctx.app.now())}, ${ctx.workspace.id}, ${id}, ${journey.step}, ${openedAt})`;
    }
    const view = toJourneyView(row);
    await emitAudit(tx, ctx, { action: 'journey.opened', targetType: 'journey', targetId: id });
    await appendEvents(tx, ctx.workspace.id, [
      { type: 'journey.opened', key: id, rev: row.revision, value: view },
    ]);
    return view;
  });
  if (!replayed) ctx.app.doorbell.ringFeed();
  return { journey: answer, replayed };
}
