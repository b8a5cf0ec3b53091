import { trickleInputSchema, type SimulationView } from '#lib/contracts/simulation.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requirePermission, type Context } from '../../context.ts';
import { withTransaction } from '../../db/with-transaction.ts';
import { notFound } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { appendWorkspaceChanged } from '../workspaces/index.ts';
import { readState, toSimulationView, writeState } from './simulation-state.ts';

/** What is simulated here; null in a workspace with real outcomes. @throws AppError FORBIDDEN */
export async function getSimulation(ctx: Context): Promise<SimulationView | null> {
  requirePermission(ctx, 'read');
  const state = await readState(ctx.app.db.sql, ctx.workspace.id);
  return state === null ? null : toSimulationView(state);
}

/**
 * Starts or stops new simulated outcomes, and says how many a second.
 * @throws AppError VALIDATION, FORBIDDEN, NOT_FOUND (nothing is simulated here)
 */
export async function setTrickle(ctx: Context, input: unknown): Promise<SimulationView> {
  requirePermission(ctx, 'manage');
  const { running, ratePerSecond } = parseInput(trickleInputSchema, input);
  const view = await withTransaction(ctx.app.db.sql, async (tx) => {
    await tx`select 1 from workspaces where id = ${ctx.workspace.id} for update`;
    const state = await readState(tx, ctx.workspace.id);
    if (state === null) throw notFound('simulation');
    const changed = { ...state, running, ratePerSecond: ratePerSecond ?? state.ratePerSecond };
    await writeState(tx, ctx.workspace.id, changed);
    await emitAudit(tx, ctx, {
      action: running ? 'simulation.resumed' : 'simulation.paused',
      targetType: 'workspace',
      targetId: ctx.workspace.id,
      metadata: { ratePerSecond: changed.ratePerSecond },
    });
    await appendWorkspaceChanged(tx, ctx.workspace.id);
    return toSimulationView(changed);
  });
  ctx.app.doorbell.ringFeed();
  return view;
}
