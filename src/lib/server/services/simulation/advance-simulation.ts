import { seededRandom } from '#domain/random/seeded-random.ts';
import { simulateHistory, simulateOutcome } from '#domain/simulator/simulate-outcome.ts';
import type { App } from '../../app.ts';
import { systemContext } from '../../auth/authorize.ts';
import type { WorkspaceInfo } from '../../context.ts';
import { recordOutcomes } from '../outcomes/index.ts';
import { advanceState, readClock, type SimulationState } from './simulation-state.ts';

const BATCH = 1_000;
/** Nobody ticked for so long: the trickle was stopped, or nobody watched. Further back, the clock was set. */
const PAUSE_MS = 3_000;

const contextOf = (app: App, workspace: WorkspaceInfo) => systemContext(app, workspace, 'Simulator');

/**
 * Records the next stretch of the history. Recorded first and noted afterwards: after a crash the same outcomes come
 * again with the same ids and add nothing. @returns how many
 */
export async function loadHistory(
  app: App,
  workspace: WorkspaceInfo,
  state: SimulationState,
): Promise<number> {
  const batch = simulateHistory(state, state.next, state.next + BATCH);
  if (batch.length === 0) return 0;
  await recordOutcomes(contextOf(app, workspace), batch, {
    source: 'simulator',
    backfill: true,
    note: 'history',
  });
  await advanceState(app.db.sql, workspace.id, state, {
    next: state.next + batch.length,
    lastAtMs: app.now(),
  });
  return batch.length;
}

/**
 * Records what has happened since the last time at the wanted rate, as happening now. Claimed first: of several
 * instances one records, and what a crash loses between the two was made up anyhow. @returns how many
 */
export async function trickle(app: App, workspace: WorkspaceInfo, state: SimulationState): Promise<number> {
  const now = await readClock(app.db.sql);
  const gapMs = now - state.lastAtMs;
  const anew = Math.abs(gapMs) > PAUSE_MS;
  if (gapMs <= 0 && !anew) return 0;
  // After a pause nothing is made up for: the time begins now.
  const expected = anew ? 0 : (gapMs / 1_000) * state.ratePerSecond;
  // The rest of less than one outcome becomes one by chance, so that they do not come like clockwork.
  const chance = seededRandom(`tick ${state.seed} ${state.next} ${state.lastAtMs} ${now}`).next();
  const count = Math.floor(expected + chance);
  const claimed = await advanceState(app.db.sql, workspace.id, state, {
    next: state.next + count,
    lastAtMs: now,
  });
  if (!claimed || count === 0) return 0;
  const outcomes = Array.from({ length: count }, (_, i) => simulateOutcome(state, state.next + i, now));
  await recordOutcomes(contextOf(app, workspace), outcomes, { source: 'simulator' });
  return count;
}
