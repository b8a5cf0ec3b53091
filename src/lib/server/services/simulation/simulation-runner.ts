import type { App } from '../../app.ts';
import type { WorkspaceInfo } from '../../context.ts';
import { coerceError } from '../../errors.ts';
import { logger } from '../../logger.ts';
import { loadHistory, trickle } from './advance-simulation.ts';
import { parseState, readState } from './simulation-state.ts';

const TICK_MS = 500;

export interface SimulationRunner {
  start(): void;
  stop(): Promise<void>;
}

/**
 * Loads the history of simulated workspaces and lets new outcomes trickle in while somebody watches, only into
 * workspaces marked simulated. `watchers`: how many watch one; by default the feed's open streams on this instance.
 */
export function createSimulationRunner(
  app: App,
  { watchers = () => app.feed.stats().streams }: { watchers?: (workspaceId: string) => number } = {},
): SimulationRunner {
  let timer: NodeJS.Timeout | null = null;
  let stopped = true;
  let running: Promise<void> | null = null;
  let stopListening: (() => void) | null = null;
  /** Without one there is nothing to tick for; the doorbell says when that may have changed. */
  let any = true;

  function tick(): void {
    if (stopped || running !== null || !any) return;
    running = work()
      .catch((thrown: unknown) => {
        logger.warn({ err: coerceError(thrown) }, 'the simulator could not go on; it will try again');
      })
      .finally(() => {
        running = null;
      });
  }

  async function work(): Promise<void> {
    const rows = await app.db.sql<(WorkspaceInfo & { simulation: unknown })[]>`
      select id, slug, name, preset, timezone, simulated, settings -> 'simulation' as simulation from workspaces
      where simulated and settings ? 'simulation'`;
    any = rows.length > 0;
    for (const { simulation, ...workspace } of rows) {
      const state = parseState(simulation);
      if (state === null) continue;
      if (state.next < state.outcomes) await load(workspace);
      else if (state.running && watchers(workspace.id) > 0) await trickle(app, workspace, state);
    }
  }

  async function load(workspace: WorkspaceInfo): Promise<void> {
    for (;;) {
      const state = await readState(app.db.sql, workspace.id);
      if (stopped || state === null || state.next >= state.outcomes) return;
      await loadHistory(app, workspace, state);
    }
  }

  return {
    start() {
      if (!stopped) return;
      stopped = false;
      stopListening = app.doorbell.onFeed(() => {
        any = true;
      });
      timer = setInterval(tick, TICK_MS);
      timer.unref();
      tick();
    },
    async stop() {
      stopped = true;
      stopListening?.();
      if (timer !== null) clearInterval(timer);
      await running;
    },
  };
}
