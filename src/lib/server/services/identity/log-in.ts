import { loginInputSchema } from '#lib/contracts/identity.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { verifyPassword } from '../../auth/passwords.ts';
import { createSession, type NewSession } from '../../auth/sessions.ts';
import type { Visitor } from '../../auth/visitor.ts';
import { AppError } from '../../errors.ts';
import { logger } from '../../logger.ts';
import { parseInput } from '../../parse-input.ts';

interface Account {
  id: string;
  name: string;
  email: string;
  passwordHash: string;
}

/**
 * Starts a session. A wrong password, an unknown e-mail and a disabled account cost the same work and get the same
 * answer, so nobody learns who has an account.
 * @throws AppError UNAUTHENTICATED, RATE_LIMITED or VALIDATION
 */
export async function logIn(visitor: Visitor, input: unknown): Promise<NewSession> {
  const { app, ip } = visitor;
  const { email, password } = parseInput(loginInputSchema, input);
  await app.limits.login({ ip, email });
  const [account] = await app.db.sql<Account[]>`
    select id, name, email, password_hash as "passwordHash" from users
    where lower(email) = ${email} and disabled_at is null`;
  const matches = await verifyPassword(account?.passwordHash ?? null, password);
  if (account === undefined || !matches) {
    logger.warn({ ip }, 'login refused');
    throw new AppError('UNAUTHENTICATED', 'E-mail and password do not belong together.');
  }
  await app.limits.loginSucceeded({ ip, email });
  const actor = { type: 'user' as const, id: account.id, name: account.name, email: account.email };
  const session = await app.db.sql.begin(async (tx) => {
    const made = await createSession(tx, account.id, visitor);
    await emitAudit(
      tx,
      { ...visitor, actor, workspace: null },
      {
        action: 'session.created',
        targetType: 'session',
        targetId: made.rowId,
      },
    );
    return made;
  });
  app.doorbell.ringFeed();
  return session;
}
