import { passwordChangeSchema } from '#lib/contracts/identity.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { hashPassword, verifyPassword } from '../../auth/passwords.ts';
import { endSessions } from '../../auth/sessions.ts';
import type { Person } from '../../auth/visitor.ts';
import { conflict, invalid } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';

/**
 * Changes one's own password and ends one's other sessions.
 * @returns how many sessions were ended
 * @throws AppError VALIDATION (also for a wrong current password), RATE_LIMITED
 */
export async function changePassword(person: Person, input: unknown): Promise<number> {
  const { app, actor, ip, session } = person;
  const { current, password } = parseInput(passwordChangeSchema, input);
  const attempt = { ip, email: actor.email };
  await app.limits.login(attempt);
  const [row] = await app.db.sql<{ hash: string }[]>`
    select password_hash as hash from users where id = ${actor.id} and disabled_at is null`;
  const before = row?.hash ?? null;
  if (!(await verifyPassword(before, current)) || before === null) {
    throw invalid([{ path: 'current', message: 'That is not your current password.' }]);
  }
  await app.limits.loginSucceeded(attempt);
  const after = await hashPassword(password);
  const ended = await app.db.sql.begin(async (tx) => {
    const changed = await tx`
      update users set password_hash = ${after} where id = ${actor.id} and password_hash = ${before} returning id`;
    if (changed.length === 0) throw conflict('Your password was changed elsewhere at the same moment.');
    const count = await endSessions(tx, actor.id, session?.rowId ?? null);
    await emitAudit(
      tx,
      { ...person, workspace: null },
      {
        action: 'user.password-changed',
        targetType: 'user',
        targetId: actor.id,
        metadata: { sessionsEnded: count },
      },
    );
    return count;
  });
  app.doorbell.ringFeed();
  app.feed.recheck(actor.id);
  return ended;
}
