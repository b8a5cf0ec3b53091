import { z } from 'zod';
import { accountInputSchema, newPasswordSchema } from '#lib/contracts/identity.ts';
import type { App } from '../../app.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { hashPassword } from '../../auth/passwords.ts';
import { endSessions } from '../../auth/sessions.ts';
import { notFound } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { insertUser } from './insert-user.ts';

/** What the person at the server's terminal does, with the rights of whoever can read its data folder. */
export const OPERATOR = {
  actor: { type: 'system' as const, id: null, name: 'command line' },
  ip: null,
  requestId: 'command-line',
};

export interface UserRow {
  id: string;
  name: string;
  email: string;
  createdAt: Date;
  disabledAt: Date | null;
  /** Runs the installation. */
  operator: boolean;
  /** `slug (role)` */
  workspaces: string[];
}

/** Everybody with an account, oldest first. */
export async function listUsers(app: Pick<App, 'db'>): Promise<UserRow[]> {
  return app.db.sql<UserRow[]>`
    select u.id, u.name, u.email, u.created_at as "createdAt", u.disabled_at as "disabledAt", u.is_operator as operator,
      coalesce(array_agg(w.slug || ' (' || m.role || ')' order by w.slug) filter (where w.id is not null), '{}') as workspaces
    from users u left join memberships m on m.user_id = u.id left join workspaces w on w.id = m.workspace_id
    group by u.id order by u.created_at, u.id`;
}

/** An account made at the terminal. @throws AppError VALIDATION */
export async function createUserAsOperator(app: Pick<App, 'db'>, input: unknown): Promise<{ id: string }> {
  const { name, email, password } = parseInput(accountInputSchema, input);
  const passwordHash = await hashPassword(password);
  return app.db.sql.begin((tx) => insertUser(tx, OPERATOR, { name, email, passwordHash }));
}

/**
 * Gives somebody who lost it a new password and ends all their sessions. A disabled account works again.
 * @throws AppError NOT_FOUND or VALIDATION
 */
export async function resetPasswordAsOperator(app: Pick<App, 'db'>, input: unknown): Promise<void> {
  const { email, password } = parseInput(
    z.object({ email: z.string().trim().toLowerCase(), password: newPasswordSchema }),
    input,
  );
  const passwordHash = await hashPassword(password);
  await app.db.sql.begin(async (tx) => {
    const [row] = await tx<{ id: string }[]>`
      update users set password_hash = ${passwordHash}, disabled_at = null where lower(email) = ${email} returning id`;
    if (row === undefined) throw notFound('account');
    const ended = await endSessions(tx, row.id, null);
    await emitAudit(
      tx,
      { ...OPERATOR, workspace: null },
      {
        action: 'user.password-reset',
        targetType: 'user',
        targetId: row.id,
        metadata: { sessionsEnded: ended },
      },
    );
  });
}

/**
 * Lets somebody run the installation (its switches and figures), or no longer.
 * @throws AppError NOT_FOUND
 */
export async function setOperator(
  app: Pick<App, 'db'>,
  input: { email: string; on: boolean },
): Promise<void> {
  const email = input.email.trim().toLowerCase();
  await app.db.sql.begin(async (tx) => {
    const [row] = await tx<{ id: string }[]>`
      update users set is_operator = ${input.on} where lower(email) = ${email} returning id`;
    if (row === undefined) throw notFound('account');
    await emitAudit(
      tx,
      { ...OPERATOR, workspace: null },
      {
        action: input.on ? 'user.operator-added' : 'user.operator-removed',
        targetType: 'user',
        targetId: row.id,
      },
    );
  });
}
