import { journeyStepInputSchema, type JourneyView } from '#lib/contracts/journey.ts';
import { MAX_ATTRIBUTES } from '#lib/contracts/outcome.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';
import { conflict, invalid, notFound } from '../../errors.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { appendEvents } from '../../event-log/append-events.ts';
import { parseInput } from '../../parse-input.ts';
import { requireRealWorkspace } from '../../real-workspace.ts';
import { uuidV7 } from '../../uuid-v7.ts';
import { checkAttributeTypes } from '../attribute-types/index.ts';
import { transactOnce, type Once } from '../idempotency/index.ts';
import { toJourneyView, type JourneyRow } from './journey-row.ts';
import { mergeAttributes } from './merge-attributes.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function lockJourney(tx: TransactionSql, workspaceId: string, id: string): Promise<JourneyRow> {
  if (!UUID.test(id)) throw notFound('journey');
  const [row] = await tx<JourneyRow[]>`
    select * from journeys where workspace_id = ${workspaceId} and id = ${id} for update`;
  if (row === undefined) throw notFound('journey');
  return row;
}

/**
 * Adds a step to an open journey, and what became known with it.
 * @throws AppError NOT_FOUND, CONFLICT (closed, or the same request still runs), VALIDATION, FORBIDDEN
 */
export async function addJourneyStep(
  ctx: Context,
  journeyId: string,
  input: unknown,
  once: Once | null = null,
): Promise<{ journey: JourneyView; replayed: boolean }> {
  requirePermission(ctx, 'record');
  requireRealWorkspace(ctx);
  const step = parseInput(journeyStepInputSchema, input);
  const at = step.at ? new Date(step.at) : new Date(ctx.app.now());
  const { answer, replayed } = await transactOnce(ctx, once, async (tx) => {
    const former = await lockJourney(tx, ctx.workspace.id, journeyId);
    if (former.state !== 'open') throw conflict(`This journey is closed (${former.state}). Open a new one.`);
    const attributes = mergeAttributes(former.attributes, step.attributes ?? {});
    // Each step was within the limit by itself; the outcome that closes the journey has them all.
    const count = Object.keys(attributes).length;
    if (count > MAX_ATTRIBUTES) {
      const message = `At most ${MAX_ATTRIBUTES} attributes a journey; with these it has ${count}.`;
      throw invalid([{ path: 'attributes', message }]);
    }
    const issues = await checkAttributeTypes(tx, ctx.workspace.id, [{ index: 0, attributes }]);
    if (issues.length > 0) throw invalid(issues.map(({ path, message }) => ({ path, message })));
    await tx`
      insert into journey_steps (id, workspace_id, journey_id, step, at, engagement, note)
      values (${uuidV7(ctx.app.now())}, ${ctx.workspace.id}, ${former.id}, ${step.step}, ${at},
        ${step.engagement ?? null}, ${step.note ?? null})`;
    // A step told late does not become the current one.
    const [row] = await tx<JourneyRow[]>`
      update journeys
      set step = case when last_seen_at <= ${at} then ${step.step} else coalesce(step, ${step.step}) end,
          last_seen_at = greatest(last_seen_at, ${at}), attributes = ${tx.json(attributes)}, revision = revision + 1
      where id = ${former.id} returning *`;
    if (row === undefined) throw new Error('The journey was not written.');
    const view = toJourneyView(row);
    await emitAudit(tx, ctx, {
      action: 'journey.stepped',
      targetType: 'journey',
      targetId: row.id,
      metadata: { step: step.step },
    });
    await appendEvents(tx, ctx.workspace.id, [
      { type: 'journey.stepped', key: row.id, rev: row.revision, value: view },
    ]);
    return view;
  });
  if (!replayed) ctx.app.doorbell.ringFeed();
  return { journey: answer, replayed };
}
