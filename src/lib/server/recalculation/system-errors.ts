import type { SystemError, SystemErrorKind } from '#lib/contracts/notices.ts';
import type { Sql, TransactionSql } from '../db/client.ts';
import { appendEvents } from '../event-log/index.ts';

/** What admins are told of each kind, and how bad it is. */
const ERRORS: Record<SystemErrorKind, Pick<SystemError, 'severity' | 'message'>> = {
  'fold-check': {
    severity: 'critical',
    message: 'The figures differ from what the log says, by the last comparison of the two.',
  },
  fold: {
    severity: 'error',
    message:
      'The figures stand still: counting fails and is tried again. What is recorded is kept and will be counted.',
  },
};

/** One kind of error of a workspace as it is stored, standing or over. */
export interface StoredError extends SystemError {
  revision: number;
  stands: boolean;
}

interface Row extends Omit<SystemError, 'at'> {
  since: Date;
  endedAt: Date | null;
  revision: number;
}

const columns = (sql: Sql | TransactionSql) =>
  sql`kind, severity, message, since, ended_at as "endedAt", revision`;

const toStored = ({ kind, severity, message, since, endedAt, revision }: Row): StoredError => ({
  severity,
  kind,
  message,
  at: since.toISOString(),
  revision,
  stands: endedAt === null,
});

/**
 * Says that this is wrong in the workspace, in the caller's transaction: its admins are told once, however often it is
 * said again before it is over. Ring the feed's doorbell after commit.
 */
export async function beginError(
  tx: TransactionSql,
  workspaceId: string,
  kind: SystemErrorKind,
): Promise<void> {
  const { severity, message } = ERRORS[kind];
  const rows = await tx<Row[]>`
    insert into system_errors (workspace_id, kind, severity, message)
    values (${workspaceId}, ${kind}, ${severity}, ${message})
    on conflict (workspace_id, kind) do update
      set severity = excluded.severity, message = excluded.message, since = now(), ended_at = null,
        revision = system_errors.revision + 1
      where system_errors.ended_at is not null
    returning ${columns(tx)}`;
  await tell(tx, workspaceId, rows, 'upsert');
}

/** Says that it is not wrong any more; nothing when it was not. */
export async function endError(
  tx: TransactionSql,
  workspaceId: string,
  kind: SystemErrorKind,
): Promise<void> {
  const rows = await tx<Row[]>`
    update system_errors set ended_at = now(), revision = revision + 1
    where workspace_id = ${workspaceId} and kind = ${kind} and ended_at is null
    returning ${columns(tx)}`;
  await tell(tx, workspaceId, rows, 'delete');
}

async function tell(
  tx: TransactionSql,
  workspaceId: string,
  rows: readonly Row[],
  op: 'upsert' | 'delete',
): Promise<void> {
  const events = rows.map(toStored).map(({ revision, stands: _, ...value }) => ({
    type: 'system.error' as const,
    op,
    key: value.kind,
    rev: revision,
    scope: 'role:admin',
    value,
  }));
  await appendEvents(tx, workspaceId, events);
}

/** Every kind that ever was wrong in the workspace; those that are over tell what came last. */
export async function readErrors(sql: Sql | TransactionSql, workspaceId: string): Promise<StoredError[]> {
  const rows = await sql<Row[]>`
    select ${columns(sql)} from system_errors where workspace_id = ${workspaceId} order by kind`;
  return rows.map(toStored);
}
