import type { MaintenanceNotice, Standing, SystemError } from '#lib/contracts/notices.ts';
import type { FeedAudience, SnapshotPart } from '../../app.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { readErrors } from '../../recalculation/index.ts';
import { readMaintenance } from './read-maintenance.ts';

export interface Notices {
  /** Null: there never was any. */
  maintenance: Standing<MaintenanceNotice> | null;
  /** For admins of the workspace; nothing for others. */
  errors: Standing<SystemError>[];
}

/** What the frame of a workspace's pages says about the product itself. @throws AppError FORBIDDEN */
export async function readNotices(ctx: Context): Promise<Notices> {
  requirePermission(ctx, 'read');
  const { sql } = ctx.app.db;
  const [maintenance, errors] = await Promise.all([
    readMaintenance(sql),
    ctx.permissions.has('manage') ? standingErrors(sql, ctx.workspace.id) : [],
  ]);
  return {
    maintenance: maintenance && { key: maintenance.key, rev: maintenance.rev, value: maintenance.value },
    errors,
  };
}

async function standingErrors(
  sql: Sql | TransactionSql,
  workspaceId: string,
): Promise<Standing<SystemError>[]> {
  const errors = await readErrors(sql, workspaceId);
  return errors.map(({ revision, stands, ...value }) => ({
    key: value.kind,
    rev: revision,
    value: stands ? value : null,
  }));
}

/** The notices that a feed begins with: what stands now, as far as its readers may see it. */
export async function noticeParts(
  tx: TransactionSql,
  { workspaceId, scopes }: Pick<FeedAudience, 'workspaceId' | 'scopes'>,
): Promise<SnapshotPart[]> {
  const maintenance = await readMaintenance(tx);
  const errors = scopes.includes('role:admin') ? await standingErrors(tx, workspaceId) : [];
  return [
    { type: 'system.maintenance', items: standing(maintenance === null ? [] : [maintenance]) },
    { type: 'system.error', items: standing(errors) },
  ];
}

const standing = <T>(notices: readonly Standing<T>[]) =>
  notices.flatMap(({ key, rev, value }) => (value === null ? [] : [{ key, rev, value }]));
