import type { Database, TransactionSql } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import { within } from '../event-log/index.ts';
import type { Logger } from '../logger.ts';
import { isUnled } from './leadership.ts';
import { beginError, endError } from './system-errors.ts';

const DEADLINE_MS = 10_000;

export interface FoldTroubleOptions {
  workspaceId: string;
  db: Database;
  logger: Logger;
  /** Whether this instance holds the lock of leadership. */
  holdsLead: () => boolean;
  ringFeed: () => void;
}

/**
 * Tells a workspace's admins that its figures stand still, and that they move again. Only for the instance that leads or
 * where none does: a fold that fails beside a leader that works is that instance's own trouble. One word after the
 * other, and nobody waits for them.
 */
export class FoldTrouble {
  readonly #options: FoldTroubleOptions;
  /** Nothing stands that this instance would have to end. */
  #over = false;
  #last: Promise<void> = Promise.resolve();

  constructor(options: FoldTroubleOptions) {
    this.#options = options;
  }

  /** Something may stand: from before this process, or of another instance. */
  forget(): void {
    this.#over = false;
  }

  /** The fold failed, and not for a moment only. */
  begin(): void {
    const { workspaceId, holdsLead } = this.#options;
    this.#over = false;
    this.#write(async (tx) => {
      if (holdsLead() || (await isUnled(tx, workspaceId))) await beginError(tx, workspaceId, 'fold');
    });
  }

  /** The leading fold has applied all there is. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#write((tx) => endError(tx, this.#options.workspaceId, 'fold'));
  }

  /** Resolves once everything is told. */
  settled(): Promise<void> {
    return this.#last;
  }

  #write(tell: (tx: TransactionSql) => Promise<void>): void {
    const { db, logger, workspaceId, ringFeed } = this.#options;
    this.#last = this.#last
      // A connection that went dark must not hold back the next word.
      .then(() => within(DEADLINE_MS, db.sql.begin(tell)))
      .then(ringFeed, (thrown: unknown) => {
        this.#over = false;
        const err = coerceError(thrown);
        logger.warn({ err, workspace: workspaceId }, 'admins could not be told how their fold is');
      });
  }
}
