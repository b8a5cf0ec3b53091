import { simulationInputSchema } from '#lib/contracts/simulation.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import type { Person } from '../../auth/visitor.ts';
import type { App } from '../../app.ts';
import type { Actor, WorkspaceInfo } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';
import { withTransaction } from '../../db/with-transaction.ts';
import { parseInput } from '../../parse-input.ts';
import { insertWorkspace } from '../workspaces/index.ts';
import { writeState } from './simulation-state.ts';

const HISTORY_DAYS = 92;
const DAY_MS = 86_400_000;

interface Author {
  app: Pick<App, 'db' | 'doorbell' | 'now'>;
  actor: Actor;
  ip: string | null;
  requestId: string;
}

/** Plans the simulation of a workspace that is marked simulated; the runner does it. */
export async function planSimulation(
  tx: TransactionSql,
  { app, ...author }: Author,
  workspace: WorkspaceInfo,
  { seed, outcomes, ratePerSecond }: { seed: number; outcomes: number; ratePerSecond: number },
): Promise<void> {
  // Whole hours: the same seed started twice within an hour gives the same bytes.
  const toMs = Math.floor(app.now() / 3_600_000) * 3_600_000;
  await writeState(tx, workspace.id, {
    seed,
    outcomes,
    fromMs: toMs - HISTORY_DAYS * DAY_MS,
    toMs,
    next: 0,
    running: true,
    ratePerSecond,
    lastAtMs: toMs,
  });
  await emitAudit(
    tx,
    { ...author, workspace },
    {
      action: 'simulation.started',
      targetType: 'workspace',
      targetId: workspace.id,
      metadata: { seed, outcomes },
    },
  );
}

/**
 * Makes a workspace marked simulated, whose admin is the person; three months of history are loaded in the background
 * and new outcomes follow while somebody watches. Input: name, seed, outcomes, ratePerSecond, each with a default.
 * @throws AppError VALIDATION
 */
export async function startSimulation(person: Person, input: unknown = {}): Promise<WorkspaceInfo> {
  const { app, actor, ip, requestId } = person;
  const { name, ...about } = parseInput(simulationInputSchema, input);
  const workspace = await withTransaction(app.db.sql, async (tx) => {
    const made = await insertWorkspace(tx, { actor, ip, requestId }, actor.id, {
      name,
      preset: 'content',
      // The simulator's day is the day in UTC, wherever it is watched from.
      timezone: 'UTC',
      simulated: true,
    });
    await planSimulation(tx, { app, actor, ip, requestId }, made, about);
    return made;
  });
  app.doorbell.ringFeed();
  return workspace;
}
