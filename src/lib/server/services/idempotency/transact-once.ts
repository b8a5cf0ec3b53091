import type { Context } from '../../context.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { withTransaction } from '../../db/with-transaction.ts';
import { AppError } from '../../errors.ts';
import type { Once } from './once.ts';

interface AnswerRow {
  fingerprint: string;
  body: string;
}

/** Actors of the system share one owner; they send no keys from outside. */
const ownerOf = (ctx: Context): string => ctx.actor.id ?? ctx.actor.type;

/** Frees a few expired rows; called where rows are added, so the table stays as small as a day. */
export async function forgetOldAnswers(tx: TransactionSql | Sql, limit = 50): Promise<number> {
  const gone = await tx`
    delete from idempotency_keys where (workspace_id, owner, key) in (
      select workspace_id, owner, key from idempotency_keys
      where created_at < now() - interval '24 hours'
      order by created_at limit ${limit} for update skip locked
    )`;
  return gone.count;
}

async function findAnswer(
  tx: TransactionSql,
  ctx: Context,
  owner: string,
  once: Once,
): Promise<AnswerRow | null> {
  const [row] = await tx<AnswerRow[]>`
    select fingerprint, body #>> '{}' as body from idempotency_keys
    where workspace_id = ${ctx.workspace.id} and owner = ${owner} and key = ${once.key}
      and created_at >= now() - interval '24 hours'`;
  return row ?? null;
}

/** @throws AppError VALIDATION when it is the answer to another request */
function readAnswer<T>(row: AnswerRow, once: Once): T {
  if (row.fingerprint !== once.fingerprint) {
    const message = 'This Idempotency-Key was used for another request. Use a new key for a new request.';
    throw new AppError('VALIDATION', message, { issues: [{ path: 'Idempotency-Key', message }] });
  }
  // Stored as text inside jsonb, so that a replay has the same bytes; written below from a T.
  return JSON.parse(row.body) as T;
}

async function keepAnswer(
  tx: TransactionSql,
  ctx: Context,
  owner: string,
  once: Once,
  body: string,
): Promise<void> {
  await tx`
    insert into idempotency_keys (workspace_id, owner, key, fingerprint, state, body)
    values (${ctx.workspace.id}, ${owner}, ${once.key}, ${once.fingerprint}, 'done', to_jsonb(${body}::text))
    on conflict (workspace_id, owner, key) do update
    set fingerprint = excluded.fingerprint, state = excluded.state, body = excluded.body, created_at = now()`;
}

/**
 * Runs `work` in one transaction. With `once`, its answer is stored in the same transaction under the key: after a
 * crash either both exist or neither. A repetition gets the stored answer; one that comes while the first still
 * runs is refused. The lock is an advisory one, so a crash frees it.
 * @throws AppError CONFLICT (still running), VALIDATION (same key, another request)
 */
export async function transactOnce<T>(
  ctx: Context,
  once: Once | null,
  work: (tx: TransactionSql) => Promise<T>,
): Promise<{ answer: T; replayed: boolean }> {
  if (once === null) return { answer: await withTransaction(ctx.app.db.sql, work), replayed: false };
  const owner = ownerOf(ctx);
  return withTransaction(ctx.app.db.sql, async (tx) => {
    const [lock] = await tx<{ mine: boolean }[]>`
      select pg_try_advisory_xact_lock(
        hashtextextended(${`${ctx.workspace.id}/${owner}/${once.key}`}::text, 25)) as mine`;
    if (lock?.mine !== true) {
      throw new AppError(
        'CONFLICT',
        'A request with this Idempotency-Key is still running. Ask again in a second.',
        {
          retryAfterSeconds: 1,
        },
      );
    }
    // Only under the lock: what is looked up before it may be answered by somebody in between.
    const found = await findAnswer(tx, ctx, owner, once);
    if (found !== null) return { answer: readAnswer<T>(found, once), replayed: true };
    const answer = await work(tx);
    await Promise.all([forgetOldAnswers(tx), keepAnswer(tx, ctx, owner, once, JSON.stringify(answer))]);
    return { answer, replayed: false };
  });
}
