import { z } from 'zod';
import { CONTENT_TRUTHS } from '#domain/simulator/truths.ts';
import type { SimulationView } from '#lib/contracts/simulation.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';

/** What is kept of a simulation in `workspaces.settings.simulation`. */
const stateSchema = z.object({
  seed: z.number(),
  outcomes: z.number(),
  fromMs: z.number(),
  toMs: z.number(),
  /** Number of the next outcome; below `outcomes` the history is being loaded. */
  next: z.number(),
  running: z.boolean(),
  ratePerSecond: z.number(),
  /** When the last live outcomes were claimed. */
  lastAtMs: z.number(),
});
export type SimulationState = z.infer<typeof stateSchema>;

export function parseState(value: unknown): SimulationState | null {
  const parsed = stateSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

export async function readState(
  sql: Sql | TransactionSql,
  workspaceId: string,
): Promise<SimulationState | null> {
  const [row] = await sql<{ state: unknown }[]>`
    select settings -> 'simulation' as state from workspaces where id = ${workspaceId} and simulated`;
  return row === undefined ? null : parseState(row.state);
}

/** Milliseconds since 1970 by the database's clock, the one that all instances share. */
export async function readClock(sql: Sql): Promise<number> {
  const [row] = await sql<{ now: number }[]>`select (extract(epoch from now()) * 1000)::bigint as now`;
  if (row === undefined) throw new Error('The database did not say what time it is.');
  return row.now;
}

export async function writeState(
  tx: Sql | TransactionSql,
  workspaceId: string,
  state: SimulationState,
): Promise<void> {
  await tx`
    update workspaces set settings = jsonb_set(settings, '{simulation}', ${tx.json(state)})
    where id = ${workspaceId} and simulated`;
}

/**
 * Moves the simulation on, if it still is where it was seen: of several instances one wins.
 * @returns false when another one was faster
 */
export async function advanceState(
  sql: Sql | TransactionSql,
  workspaceId: string,
  seen: SimulationState,
  next: { next: number; lastAtMs: number },
): Promise<boolean> {
  const moved = await sql`
    update workspaces set settings = jsonb_set(jsonb_set(settings, '{simulation,next}', to_jsonb(${next.next}::bigint)),
      '{simulation,lastAtMs}', to_jsonb(${next.lastAtMs}::bigint))
    where id = ${workspaceId} and (settings #>> '{simulation,next}')::bigint = ${seen.next}
      and (settings #>> '{simulation,lastAtMs}')::bigint = ${seen.lastAtMs}
    returning id`;
  return moved.length > 0;
}

export function toSimulationView(state: SimulationState): SimulationView {
  return {
    seed: state.seed,
    outcomes: state.outcomes,
    loaded: Math.min(state.next, state.outcomes),
    state: state.next < state.outcomes ? 'loading' : 'ready',
    from: new Date(state.fromMs).toISOString(),
    to: new Date(state.toMs).toISOString(),
    running: state.running,
    ratePerSecond: state.ratePerSecond,
    live: Math.max(0, state.next - state.outcomes),
    truths: CONTENT_TRUTHS.map(({ kind, where, odds, says }) => ({
      kind,
      where: Object.entries(where).map(([attribute, value]) => ({ attribute, value })),
      odds,
      says,
    })),
  };
}
