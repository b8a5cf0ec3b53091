import type { MaintenanceView } from '#lib/contracts/notices.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requireOperator, type Operator } from '../../auth/operators.ts';
import type { TransactionSql } from '../../db/client.ts';
import { withTransaction } from '../../db/with-transaction.ts';
import { appendToAll } from '../../event-log/index.ts';
import { parseMaintenance } from './parse-maintenance.ts';
import { MAINTENANCE, readMaintenance } from './read-maintenance.ts';

interface Changed {
  message: string;
  from: Date;
  until: Date;
  revision: number;
}

/**
 * Announces a maintenance to every workspace, in place of the one before. The same again tells nobody anything.
 * @returns how it stands now
 * @throws AppError FORBIDDEN or VALIDATION
 */
export async function announceMaintenance(
  operator: Operator,
  input: unknown,
): Promise<MaintenanceView | null> {
  await requireOperator(operator);
  const { app, actor } = operator;
  const { message, fromMs, untilMs, timezone } = parseMaintenance(input, app.now());
  return change(
    operator,
    'upsert',
    (tx) => tx<Changed[]>`
      insert into maintenance (key, message, from_at, until_at, timezone, updated_by)
      values (${MAINTENANCE}, ${message}, ${new Date(fromMs)}, ${new Date(untilMs)}, ${timezone}, ${actor.name})
      on conflict (key) do update set message = excluded.message, from_at = excluded.from_at,
        until_at = excluded.until_at, timezone = excluded.timezone, withdrawn_at = null,
        revision = maintenance.revision + 1, updated_at = now(), updated_by = excluded.updated_by
      where maintenance.withdrawn_at is not null
        or (maintenance.message, maintenance.from_at, maintenance.until_at, maintenance.timezone)
          is distinct from (excluded.message, excluded.from_at, excluded.until_at, excluded.timezone)
      returning message, from_at as "from", until_at as until, revision`,
  );
}

/**
 * Takes back the maintenance that is announced; nothing when there is none.
 * @returns how it stands now
 * @throws AppError FORBIDDEN
 */
export async function withdrawMaintenance(operator: Operator): Promise<MaintenanceView | null> {
  await requireOperator(operator);
  return change(
    operator,
    'delete',
    (tx) => tx<Changed[]>`
      update maintenance set withdrawn_at = now(), revision = revision + 1, updated_at = now(),
        updated_by = ${operator.actor.name}
      where key = ${MAINTENANCE} and withdrawn_at is null and until_at > now()
      returning message, from_at as "from", until_at as until, revision`,
  );
}

/** `write` gives the row back if it changed it; then it is written down who did, and every workspace is told. */
async function change(
  { app, actor, ip, requestId }: Operator,
  op: 'upsert' | 'delete',
  write: (tx: TransactionSql) => Promise<Changed[]>,
): Promise<MaintenanceView | null> {
  const view = await withTransaction(app.db.sql, async (tx) => {
    const [row] = await write(tx);
    if (row !== undefined) {
      const value = { message: row.message, from: row.from.toISOString(), until: row.until.toISOString() };
      await emitAudit(
        tx,
        { workspace: null, actor, ip, requestId },
        {
          action: op === 'upsert' ? 'maintenance.announced' : 'maintenance.withdrawn',
          targetType: 'maintenance',
          targetId: MAINTENANCE,
          metadata: value,
        },
      );
      await appendToAll(tx, {
        type: 'system.maintenance',
        op,
        key: MAINTENANCE,
        rev: row.revision,
        value,
      });
    }
    return readMaintenance(tx);
  });
  app.doorbell.ringFeed();
  return view;
}
