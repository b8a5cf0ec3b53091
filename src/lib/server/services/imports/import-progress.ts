import type { App } from '../../app.ts';
import type { TransactionSql } from '../../db/client.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { announceImport } from './change-import.ts';
import { newerThanBefore, readImport, type ImportRow } from './import-row.ts';
import type { BatchCounts } from './record-batch.ts';

/** Readers are told at most so often how far it is. */
const ANNOUNCE_MS = 200;

/** Where an import is. Every step is written only if nobody else moved it meanwhile. */
export interface ImportProgress {
  /** Good rows that are recorded. */
  readonly done: number;
  /** False when the import was cancelled or taken over: then stop. */
  advance(rows: number, counts: BatchCounts): Promise<boolean>;
  finish(): Promise<void>;
  fail(message: string): Promise<void>;
}

export function createImportProgress(app: App, row: ImportRow): ImportProgress {
  const { sql } = app.db;
  let done = row.done;
  let announcedAt = -Infinity;

  /** One step with its event; nothing at all when the import is no longer where it was. */
  async function step(change: (tx: TransactionSql) => Promise<boolean>, announce: boolean): Promise<boolean> {
    const changed = await sql.begin(async (tx) => {
      if (!(await change(tx))) return false;
      const now = announce ? await readImport(tx, row.id) : null;
      if (now !== null) await announceImport(tx, now);
      return true;
    });
    if (changed && announce) app.doorbell.ringFeed();
    return changed;
  }

  function end(state: 'done' | 'failed', error: string | null): Promise<boolean> {
    return step(async (tx) => {
      const [found] = await tx<{ added: number; duplicates: number; skipped: number }[]>`
        update imports set state = ${state}, error = ${error}, finished_at = now(), updated_at = ${newerThanBefore(tx)}
        where id = ${row.id} and done = ${done} and state in ('checking', 'importing')
        returning added, duplicates, skipped`;
      if (found === undefined) return false;
      const actor = { type: 'system', id: null, name: row.created_by } as const;
      await emitAudit(
        tx,
        { actor, ip: null, requestId: `import:${row.id}`, workspace: { id: row.workspace_id } },
        {
          action: state === 'done' ? 'import.finished' : 'import.failed',
          targetType: 'import',
          targetId: row.id,
          metadata: { fileName: row.file_name, ...found, ...(error === null ? {} : { error }) },
        },
      );
      return true;
    }, true);
  }

  return {
    get done() {
      return done;
    },
    async advance(rows, counts) {
      const announce = performance.now() - announcedAt >= ANNOUNCE_MS;
      const moved = await step(async (tx) => {
        const found = await tx`
          update imports set done = ${done + rows}, added = added + ${counts.added},
            duplicates = duplicates + ${counts.duplicates}, differing = differing + ${counts.differing},
            updated_at = ${newerThanBefore(tx)}
          where id = ${row.id} and done = ${done} and state = 'importing' returning id`;
        return found.length > 0;
      }, announce);
      if (moved) done += rows;
      if (moved && announce) announcedAt = performance.now();
      return moved;
    },
    async finish() {
      await end('done', null);
    },
    async fail(message) {
      await end('failed', message);
    },
  };
}
