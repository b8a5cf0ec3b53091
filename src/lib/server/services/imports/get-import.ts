import { guessMapping } from '#domain/imports/guess-mapping.ts';
import type { ImportMapping } from '#domain/imports/mapping.ts';
import type { ImportDetail } from '#lib/contracts/imports.ts';
import type { ImportView } from '#lib/contracts/feed.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { requirePermission, type Context } from '../../context.ts';
import { importEvent } from './change-import.ts';
import {
  findImport,
  importsInSight,
  newestImports,
  readProfile,
  toImportView,
  type ImportRow,
} from './import-row.ts';
import { knownTypes } from './known-types.ts';

/** How far an import is. @throws AppError FORBIDDEN or NOT_FOUND */
export async function getImport(ctx: Context, id: string): Promise<ImportView> {
  requirePermission(ctx, 'read');
  return toImportView(await findImport(ctx.app.db.sql, ctx.workspace.id, id));
}

/** The newest imports of the workspace, at most 20. @throws AppError FORBIDDEN */
export async function listImports(ctx: Context): Promise<ImportView[]> {
  requirePermission(ctx, 'read');
  return (await newestImports(ctx.app.db.sql, ctx.workspace.id, 20)).map(toImportView);
}

/** The imports that a feed begins with: those under way and the newest 20, as their events. */
export async function importEvents(sql: Sql | TransactionSql, workspaceId: string) {
  return (await importsInSight(sql, workspaceId, 20)).map(importEvent);
}

/**
 * An import with its columns and a mapping: the one chosen, else the last one used here for a file with the same
 * columns, else a proposal. @throws AppError FORBIDDEN or NOT_FOUND
 */
export async function getImportDetail(ctx: Context, id: string): Promise<ImportDetail> {
  requirePermission(ctx, 'read');
  const { sql } = ctx.app.db;
  const row = await findImport(sql, ctx.workspace.id, id);
  const [profile, types, remembered, before] = await Promise.all([
    readProfile(sql, id),
    knownTypes(sql, ctx.workspace.id),
    rememberedMapping(ctx, row),
    importedBefore(ctx, row),
  ]);
  const guess = guessMapping(profile, types);
  const mapping = row.plan?.mapping ?? remembered ?? guess.mapping;
  return {
    view: toImportView(row),
    bytes: row.bytes,
    encoding: row.encoding,
    separator: row.separator,
    timezone: row.plan?.timezone ?? ctx.workspace.timezone,
    columns: profile.map((column) => ({
      ...column,
      advice: guess.advice[column.index] ?? {
        column: column.index,
        type: null,
        reason: '',
        hindsight: false,
      },
    })),
    looked: profile[0]?.rows ?? 0,
    mapping,
    mappingFrom: row.plan !== null ? 'chosen' : remembered !== null ? 'remembered' : 'proposed',
    outcomeReason: mapping?.outcome === guess.mapping?.outcome ? guess.outcomeReason : null,
    timeUncertain: guess.timeUncertain,
    before,
    startedBy: row.created_by,
  };
}

async function rememberedMapping(ctx: Context, row: ImportRow): Promise<ImportMapping | null> {
  const [found] = await ctx.app.db.sql<{ mapping: ImportMapping }[]>`
    select plan -> 'mapping' as mapping from imports
    where workspace_id = ${ctx.workspace.id} and header_digest = ${row.header_digest} and plan is not null
      and id <> ${row.id} and state in ('importing', 'done')
    order by created_at desc limit 1`;
  return found?.mapping ?? null;
}

async function importedBefore(ctx: Context, row: ImportRow): Promise<ImportDetail['before']> {
  const [found] = await ctx.app.db.sql<{ id: string; file_name: string; finished_at: Date }[]>`
    select id, file_name, finished_at from imports
    where workspace_id = ${ctx.workspace.id} and digest = ${row.digest} and id <> ${row.id} and state = 'done'
      and finished_at < ${row.created_at}
    order by finished_at desc limit 1`;
  if (found === undefined) return null;
  return { id: found.id, fileName: found.file_name, finishedAt: found.finished_at.toISOString() };
}
