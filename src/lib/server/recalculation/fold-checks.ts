import type { Database } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { startCheck } from './check-fold.ts';
import type { CheckResult } from './check-store.ts';
import type { FoldPool } from './fold-pool.ts';
import { thinHistory } from './thin-history.ts';

/** When every night the workspaces that this instance leads are checked, in the server's time. */
const NIGHTLY = { hour: 3, minute: 30 } as const;
const NIGHTLY_NAME = 'nightly';

export interface FoldChecksOptions {
  db: Database;
  pool: FoldPool;
  logger: Logger;
  now: () => number;
  /** Workspaces that this instance leads. */
  led: () => string[];
  /** Has a workspace's state written as it is now, if this instance leads it. */
  snapshot: (workspaceId: string) => Promise<void>;
  ringFeed: () => void;
}

/** Milliseconds from `now` to the next time the clock shows the hour of the nightly checks. */
export function untilNightly(now: number): number {
  const next = new Date(now);
  next.setHours(NIGHTLY.hour, NIGHTLY.minute, 0, 0);
  if (next.getTime() <= now) next.setDate(next.getDate() + 1);
  return next.getTime() - now;
}

/** Compares what the folds hold with their logs: every night, and when asked. */
export class FoldChecks {
  readonly #options: FoldChecksOptions;
  readonly #running = new Set<Promise<CheckResult>>();
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: FoldChecksOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#night(), untilNightly(this.#options.now())).unref();
  }

  /** Begins a check, which goes on by itself; null while another of this workspace runs. */
  async begin(workspaceId: string, requestedBy: string): Promise<{ id: string } | null> {
    const begun = await this.#begin(workspaceId, requestedBy);
    return begun === null ? null : { id: begun.id };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.allSettled(this.#running);
  }

  async #begin(workspaceId: string, requestedBy: string) {
    const { db, pool, logger, snapshot, ringFeed } = this.#options;
    await snapshot(workspaceId);
    const check = () => {
      if (this.#stopped) throw new Error('The server stopped.');
    };
    const begun = await startCheck({ sql: db.sql, pool, workspaceId, logger, check }, requestedBy);
    if (begun === null) return null;
    const result = begun.result.then((found) => {
      ringFeed();
      if ('error' in found)
        logger.warn({ workspace: workspaceId, reason: found.error }, 'a check of a log failed');
      else if (found.differences.length > 0) {
        logger.error({ workspace: workspaceId, ...found }, 'the state of a fold is not what its log gives');
      } else logger.info({ workspace: workspaceId, position: found.position }, 'a log was checked');
      return found;
    });
    this.#running.add(result);
    void result
      .catch((thrown: unknown) => {
        logger.warn(
          { err: coerceError(thrown), workspace: workspaceId },
          'a check could not store its result',
        );
      })
      .finally(() => this.#running.delete(result));
    return { ...begun, result };
  }

  /** One after the other: nobody waits for them. */
  async #night(): Promise<void> {
    for (const workspaceId of this.#options.led()) {
      if (this.#stopped) return;
      try {
        await thinHistory(this.#options.db.sql, workspaceId);
        await (
          await this.#begin(workspaceId, NIGHTLY_NAME)
        )?.result;
      } catch (thrown) {
        const err = coerceError(thrown);
        this.#options.logger.warn({ err, workspace: workspaceId }, 'a nightly check could not be made');
      }
    }
    this.start();
  }
}
