import { emitAudit } from '../../audit/emit-audit.ts';
import type { Actor } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';
import { invalid } from '../../errors.ts';

export interface NewUser {
  name: string;
  email: string;
  passwordHash: string;
  /** Runs the installation; the first account does. */
  operator?: boolean;
}

/**
 * A new account, in the caller's transaction. Without an author the new person is their own.
 * @throws AppError VALIDATION when the e-mail has an account
 */
export async function insertUser(
  tx: TransactionSql,
  from: { actor: Actor | null; ip: string | null; requestId: string },
  { name, email, passwordHash, operator = false }: NewUser,
): Promise<Extract<Actor, { type: 'user' }>> {
  const [row] = await tx<{ id: string }[]>`
    insert into users (name, email, password_hash, is_operator) values (${name}, ${email}, ${passwordHash}, ${operator})
    on conflict (lower(email)) do nothing returning id`;
  if (row === undefined)
    throw invalid([{ path: 'email', message: 'There is an account with this e-mail address.' }]);
  const user = { type: 'user' as const, id: row.id, name, email };
  await emitAudit(
    tx,
    { ...from, actor: from.actor ?? user, workspace: null },
    {
      action: 'user.created',
      targetType: 'user',
      targetId: row.id,
      metadata: { email, name, ...(operator ? { operator } : {}) },
    },
  );
  return user;
}
