import type { Sql } from '../db/client.ts';
import type { FOLD_CHECK_STATES, FoldDifference } from '../db/schema/snapshots.ts';
import { beginError, endError } from './system-errors.ts';

/** A check that has not beaten for so long is one whose process ended. */
const SILENCE_SECONDS = 60;

/** One comparison of the kept state with a refold of the log. */
export interface FoldCheck {
  id: string;
  state: (typeof FOLD_CHECK_STATES)[number];
  requestedBy: string;
  /** Position of the snapshot, and how far the refold is. */
  position: number;
  checked: number;
  /** Outcomes that stand there; null until it is done. */
  outcomes: number | null;
  /** Null while it runs and where it could not be made. */
  ok: boolean | null;
  differences: FoldDifference[];
  error: string | null;
  startedAt: Date;
  finishedAt: Date | null;
  durationMs: number | null;
}

/** What a check came to. */
export type CheckResult =
  { position: number; outcomes: number; differences: FoldDifference[] } | { error: string };

/** Begins a check; null while another of this workspace runs. */
export async function beginCheck(sql: Sql, workspaceId: string, requestedBy: string): Promise<string | null> {
  await sql`
    update fold_checks set state = 'failed', finished_at = now(), error = 'The process that made it ended.'
    where workspace_id = ${workspaceId} and state = 'running'
      and beat_at < now() - make_interval(secs => ${SILENCE_SECONDS})`;
  const [row] = await sql<{ id: string }[]>`
    insert into fold_checks (workspace_id, state, requested_by)
    values (${workspaceId}, 'running', ${requestedBy})
    on conflict (workspace_id) where state = 'running' do nothing
    returning id`;
  return row?.id ?? null;
}

/** Says that a check goes on, and how far it is. */
export async function beatCheck(sql: Sql, id: string, position: number, checked: number): Promise<void> {
  await sql`
    update fold_checks set position = ${position}, checked = ${checked}, beat_at = now() where id = ${id}`;
}

/** Stores what a check came to, and tells admins when that is another verdict; one that failed is none. */
export async function endCheck(
  sql: Sql,
  { id, workspaceId }: { id: string; workspaceId: string },
  result: CheckResult,
): Promise<void> {
  const done = 'error' in result ? null : result;
  await sql.begin(async (tx) => {
    await tx`
      update fold_checks
      set state = ${done === null ? 'failed' : 'done'}, finished_at = now(),
          duration_ms = round(extract(epoch from now() - started_at) * 1000),
          ok = ${done === null ? null : done.differences.length === 0},
          position = coalesce(${done?.position ?? null}::bigint, position),
          checked = coalesce(${done?.position ?? null}::bigint, checked),
          outcomes = ${done?.outcomes ?? null}, differences = ${sql.json((done?.differences ?? []) as never)},
          error = ${'error' in result ? result.error : null}
      where id = ${id}`;
    if (done === null) return;
    const tell = done.differences.length > 0 ? beginError : endError;
    await tell(tx, workspaceId, 'fold-check');
  });
}

/** The newest checks of a workspace, newest first. */
export async function readChecks(sql: Sql, workspaceId: string, limit: number): Promise<FoldCheck[]> {
  return sql<FoldCheck[]>`
    select id, state, requested_by as "requestedBy", position, checked, outcomes, ok, differences, error,
      started_at as "startedAt", finished_at as "finishedAt", duration_ms as "durationMs"
    from fold_checks where workspace_id = ${workspaceId} order by started_at desc limit ${limit}`;
}

/** Of every workspace's last check that came to an end: how many found nothing, how many differences. */
export async function countChecks(
  sql: Sql,
): Promise<{ sound: number; differing: number; lastAt: Date | null }> {
  const [row] = await sql<{ sound: number; differing: number; lastAt: Date | null }[]>`
    select count(*) filter (where ok) as sound, count(*) filter (where not ok) as differing,
      max(finished_at) as "lastAt"
    from (
      select distinct on (workspace_id) ok, finished_at from fold_checks where state = 'done'
      order by workspace_id, started_at desc
    ) as last`;
  return row ?? { sound: 0, differing: 0, lastAt: null };
}
