import type { App } from '../../app.ts';
import { AppError, coerceError } from '../../errors.ts';
import { logger } from '../../logger.ts';
import { createImportProgress } from './import-progress.ts';
import { withImportLock } from './import-lock.ts';
import { readImport } from './import-row.ts';
import { runCheck } from './run-check.ts';
import { runImport } from './run-import.ts';
import { sweepImports } from './sweep-imports.ts';

/** Doorbells make it immediate; the poll finds what they missed and what another instance left behind. */
const POLL_MS = 1_000;
/** The doorbell rings for every outcome recorded anywhere; looking so often is enough. */
const LOOK_GAP_MS = 150;
const SWEEP_MS = 600_000;
const ATTEMPTS = 5;

export interface ImportRunner {
  start(): void;
  /** Stops after the batch under way; the import goes on at the next start, here or on another instance. */
  stop(): Promise<void>;
}

/** Checks and imports uploaded files in the background, one at a time per instance, one instance at a time per file. */
export function createImportRunner(app: App): ImportRunner {
  let stopped = true;
  let wanted = false;
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let stopListening: (() => void) | null = null;
  let sweptAt = -Infinity;
  let lookedAt = -Infinity;
  let soon: NodeJS.Timeout | null = null;
  const failures = new Map<string, number>();

  function wake(): void {
    if (stopped || soon !== null) return;
    soon = setTimeout(
      () => {
        soon = null;
        look();
      },
      Math.max(0, lookedAt + LOOK_GAP_MS - performance.now()),
    );
    soon.unref();
  }

  function look(): void {
    wanted = true;
    if (stopped || running !== null) return;
    running = work().finally(() => {
      running = null;
    });
  }

  async function work(): Promise<void> {
    while (wanted && !stopped) {
      wanted = false;
      lookedAt = performance.now();
      try {
        if (performance.now() - sweptAt >= SWEEP_MS) {
          sweptAt = performance.now();
          await sweepImports(app.db.sql);
        }
        const waiting = await app.db.sql<{ id: string }[]>`
          select id from imports where state in ('checking', 'importing') order by created_at`;
        for (const { id } of waiting) {
          if (stopped) return;
          await withImportLock(app.db.sql, id, () => runOne(id));
        }
      } catch (thrown) {
        logger.warn({ err: coerceError(thrown) }, 'imports could not be worked on; they will be tried again');
      }
    }
  }

  async function runOne(id: string): Promise<void> {
    try {
      for (;;) {
        const row = await readImport(app.db.sql, id);
        if (row === null || stopped) return;
        if (row.state === 'checking') await runCheck(app, row, () => stopped);
        else if (row.state === 'importing') await importRow(id);
        else return;
        failures.delete(id);
      }
    } catch (thrown) {
      await failed(id, thrown);
    }
  }

  async function importRow(id: string): Promise<void> {
    // To the millisecond below, as outcomes keep it: an outcome of this import is never older than its start.
    await app.db.sql`
      update imports set started_at = date_trunc('milliseconds', now()) where id = ${id} and started_at is null`;
    const row = await readImport(app.db.sql, id);
    if (row !== null) await runImport(app, row, createImportProgress(app, row), () => stopped);
  }

  /** What the file or the workspace is to blame for ends the import; anything else is tried again a few times. */
  async function failed(id: string, thrown: unknown): Promise<void> {
    const error = coerceError(thrown);
    const attempts = (failures.get(id) ?? 0) + 1;
    failures.set(id, attempts);
    if (error instanceof AppError)
      logger.info({ importId: id, reason: error.message }, 'an import was refused');
    else logger.error({ err: error, importId: id, attempts }, 'an import failed');
    if (!(error instanceof AppError) && attempts < ATTEMPTS) return;
    failures.delete(id);
    const row = await readImport(app.db.sql, id);
    if (row === null) return;
    const message =
      error instanceof AppError ? error.message : 'Something went wrong on our side; the log says what.';
    await createImportProgress(app, row).fail(message);
  }

  return {
    start() {
      if (!stopped) return;
      stopped = false;
      stopListening = app.doorbell.onFeed(wake);
      timer = setInterval(wake, POLL_MS);
      timer.unref();
      wake();
    },
    async stop() {
      stopped = true;
      stopListening?.();
      if (timer !== null) clearInterval(timer);
      if (soon !== null) clearTimeout(soon);
      soon = null;
      await running;
    },
  };
}
