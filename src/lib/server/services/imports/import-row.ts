import type { ImportPlan } from '#domain/imports/import-plan.ts';
import type { Separator } from '#domain/imports/csv-record.ts';
import type { ColumnProfile } from '#domain/imports/profile-columns.ts';
import type { RowProblem } from '#domain/imports/row-mapper.ts';
import type { TextEncoding } from '#domain/imports/text-encoding.ts';
import type { ImportView } from '#lib/contracts/feed.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { notFound } from '../../errors.ts';

/** A row of `imports`, but for its profile, which is long. */
export interface ImportRow {
  id: string;
  workspace_id: string;
  created_by: string;
  file_name: string;
  digest: string;
  bytes: number;
  encoding: TextEncoding;
  separator: Separator;
  columns: string[];
  header_digest: string;
  plan: ImportPlan | null;
  state: ImportView['state'];
  rows: number | null;
  done: number;
  added: number;
  duplicates: number;
  differing: number;
  skipped: number;
  problems: RowProblem[];
  problem_count: number;
  error: string | null;
  created_at: Date;
  updated_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What the API, the feed and the pages see of an import. */
export function toImportView(row: ImportRow): ImportView {
  return {
    id: row.id,
    fileName: row.file_name,
    state: row.state,
    rows: row.rows,
    done: row.done,
    added: row.added,
    duplicates: row.duplicates,
    differing: row.differing,
    skipped: row.skipped,
    problems: row.problems,
    problemCount: row.problem_count,
    error: row.error,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

/** For `updated_at`, by which readers know the newer of two states: also after the clock was set back. */
export const newerThanBefore = (tx: TransactionSql) =>
  tx`greatest(now(), updated_at + interval '1 millisecond')`;

const columns = (sql: Sql | TransactionSql) => sql`
  id, workspace_id, created_by, file_name, digest, bytes, encoding, separator, columns, header_digest, plan, state, rows,
  done, added, duplicates, differing, skipped, problems, problem_count, error, created_at, updated_at, started_at,
  finished_at`;

/** The import of this workspace. @throws AppError NOT_FOUND also for one of another workspace */
export async function findImport(
  sql: Sql | TransactionSql,
  workspaceId: string,
  id: string,
): Promise<ImportRow> {
  if (!UUID.test(id)) throw notFound('import');
  const [row] = await sql<ImportRow[]>`
    select ${columns(sql)} from imports
    where id = ${id} and workspace_id = ${workspaceId} and state <> 'uploading'`;
  if (row === undefined) throw notFound('import');
  return row;
}

/** The import, whichever workspace it belongs to; for the runner. */
export async function readImport(sql: Sql | TransactionSql, id: string): Promise<ImportRow | null> {
  const [row] = await sql<ImportRow[]>`select ${columns(sql)} from imports where id = ${id}`;
  return row ?? null;
}

/** The newest imports of a workspace. */
export async function newestImports(sql: Sql, workspaceId: string, limit: number): Promise<ImportRow[]> {
  return sql<ImportRow[]>`
    select ${columns(sql)} from imports where workspace_id = ${workspaceId} and state <> 'uploading'
    order by created_at desc limit ${limit}`;
}

/** Those that are not at their end, and the newest. */
export async function importsInSight(
  sql: Sql | TransactionSql,
  workspaceId: string,
  limit: number,
): Promise<ImportRow[]> {
  return sql<ImportRow[]>`
    select ${columns(sql)} from imports where workspace_id = ${workspaceId} and (
      state in ('uploaded', 'checking', 'ready', 'importing') or id in (
        select id from imports where workspace_id = ${workspaceId} and state <> 'uploading'
        order by created_at desc limit ${limit}
      )
    ) order by created_at desc`;
}

export async function readProfile(sql: Sql, id: string): Promise<ColumnProfile[]> {
  const [row] = await sql<{ profile: ColumnProfile[] }[]>`select profile from imports where id = ${id}`;
  return row?.profile ?? [];
}
