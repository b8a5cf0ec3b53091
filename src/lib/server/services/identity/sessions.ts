import { z } from 'zod';
import { emitAudit } from '../../audit/emit-audit.ts';
import { endSession, endSessions, listSessionRows, type SessionRow } from '../../auth/sessions.ts';
import type { Person } from '../../auth/visitor.ts';
import { notFound } from '../../errors.ts';

export type OwnSession = SessionRow & { current: boolean };

/** Where one is logged in, newest first. */
export async function listOwnSessions({ app, actor, session }: Person): Promise<OwnSession[]> {
  const rows = await listSessionRows(app.db.sql, actor.id);
  return rows.map((row) => ({ ...row, current: row.rowId === session?.rowId }));
}

/** Ends one of one's own sessions, at once. @throws AppError NOT_FOUND, also for other people's */
export async function revokeOwnSession(person: Person, rowId: string): Promise<void> {
  if (!z.uuid().safeParse(rowId).success) throw notFound('session');
  const { app, actor } = person;
  await app.db.sql.begin(async (tx) => {
    if (!(await endSession(tx, actor.id, rowId))) throw notFound('session');
    await emitAudit(
      tx,
      { ...person, workspace: null },
      {
        action: 'session.revoked',
        targetType: 'session',
        targetId: rowId,
      },
    );
  });
  app.doorbell.ringFeed();
  app.feed.recheck(actor.id);
}

/** Ends all of one's sessions but this one. @returns how many */
export async function revokeOtherSessions(person: Person): Promise<number> {
  const { app, actor, session } = person;
  const ended = await app.db.sql.begin(async (tx) => {
    const count = await endSessions(tx, actor.id, session?.rowId ?? null);
    await emitAudit(
      tx,
      { ...person, workspace: null },
      {
        action: 'session.others-revoked',
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

/** Ends the session of this request; without one, nothing happens. */
export async function logOut(person: Person): Promise<void> {
  const { app, actor, session } = person;
  if (session === null) return;
  await app.db.sql.begin(async (tx) => {
    if (!(await endSession(tx, actor.id, session.rowId))) return;
    await emitAudit(
      tx,
      { ...person, workspace: null },
      {
        action: 'session.ended',
        targetType: 'session',
        targetId: session.rowId,
      },
    );
  });
  app.doorbell.ringFeed();
  app.feed.recheck(actor.id);
}
