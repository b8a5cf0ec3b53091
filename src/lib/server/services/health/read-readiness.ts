import type { App } from '../../app.ts';
import { checkDatabase } from './check-database.ts';
import { readQueues } from './queues.ts';

/** A feed event that waits longer than this has no sequencer, on any instance. */
const SEQUENCER_PATIENCE_MS = 10_000;

export interface Readiness {
  ready: boolean;
  /** `accepting`: false once the server was told to stop. */
  checks: { accepting: boolean; database: boolean; migrated: boolean; sequencer: boolean; fold: boolean };
}

/**
 * Whether requests may come here: not on its way out, database up and migrated, sequencer and fold running. Not whether
 * the fold has caught up: figures say themselves how far they are.
 */
export async function readReadiness(app: App): Promise<Readiness> {
  const accepting = !app.draining.aborted;
  const database = (await checkDatabase(app.db)).state === 'up';
  if (!database)
    return { ready: false, checks: { accepting, database, migrated: false, sequencer: false, fold: false } };
  const [tables] = await app.db.sql<{ migrated: boolean }[]>`
    select to_regclass('public.outcomes') is not null and to_regclass('public.feed_outbox') is not null as migrated`;
  const migrated = tables?.migrated === true;
  const sequencer = migrated && (await readQueues(app.db.sql)).feedLagMs < SEQUENCER_PATIENCE_MS;
  const folds = app.folds.health();
  // One workspace that cannot be folded must not take the others down.
  const fold = folds.length === 0 || folds.some(({ error }) => error === null);
  return {
    ready: accepting && migrated && sequencer && fold,
    checks: { accepting, database, migrated, sequencer, fold },
  };
}
