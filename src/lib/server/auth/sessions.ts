import { randomUUID } from 'node:crypto';
import type { Sql, TransactionSql } from '../db/client.ts';
import type { SessionInfo } from '../context.ts';
import { appendEvents, LOOK_AGAIN } from '../event-log/append-events.ts';
import { createLucia } from './lucia.ts';

const MAX_USER_AGENT = 400;
/** Tokens are 40 characters; what is much longer is not looked up. */
const MAX_TOKEN = 200;

export interface NewSession {
  /** For the cookie; stored only as its hash. */
  token: string;
  rowId: string;
}

/** Starts a session, in the caller's transaction; sweeps away those that have ended. */
export async function createSession(
  tx: Sql | TransactionSql,
  userId: string,
  from: { ip: string | null; userAgent: string | null },
): Promise<NewSession> {
  const rowId = randomUUID();
  const lucia = createLucia(tx);
  await lucia.deleteExpiredSessions();
  const userAgent = from.userAgent?.slice(0, MAX_USER_AGENT) ?? null;
  const session = await lucia.createSession(userId, { rowId, ip: from.ip, userAgent });
  return { token: session.id, rowId };
}

/** Looks the token up anew on every request, so that a revoked session ends at once; prolongs it when due. */
export async function readSession(
  sql: Sql,
  token: string,
): Promise<{ session: SessionInfo; user: { id: string; email: string; name: string } } | null> {
  if (token === '' || token.length > MAX_TOKEN) return null;
  const { session, user } = await createLucia(sql).validateSession(token);
  if (session === null) return null;
  return {
    session: { rowId: session.rowId, expiresAt: session.expiresAt },
    user: { id: user.id, email: user.email, name: user.name },
  };
}

export interface SessionRow {
  rowId: string;
  createdAt: Date;
  expiresAt: Date;
  ip: string | null;
  userAgent: string | null;
}

/** A person's living sessions, newest first. */
export async function listSessionRows(sql: Sql, userId: string): Promise<SessionRow[]> {
  return sql<SessionRow[]>`
    select row_id as "rowId", created_at as "createdAt", expires_at as "expiresAt", ip, user_agent as "userAgent"
    from sessions where user_id = ${userId} and expires_at > now() order by created_at desc, row_id`;
}

/** No workspace's feed: only the instances read it, to end the streams of the session. */
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000';

async function announceEnd(tx: Sql | TransactionSql, userId: string): Promise<void> {
  await appendEvents(tx, NO_WORKSPACE, [
    { type: 'session.ended', key: userId, rev: LOOK_AGAIN, scope: `user:${userId}`, value: { userId } },
  ]);
}

/** Ends one session of this person. @returns whether there was one */
export async function endSession(tx: Sql | TransactionSql, userId: string, rowId: string): Promise<boolean> {
  const gone =
    await tx`delete from sessions where user_id = ${userId} and row_id = ${rowId} returning row_id`;
  if (gone.length > 0) await announceEnd(tx, userId);
  return gone.length > 0;
}

/** Ends all sessions of this person but, when given, one. @returns how many */
export async function endSessions(
  tx: Sql | TransactionSql,
  userId: string,
  exceptRowId: string | null,
): Promise<number> {
  const gone = await tx`
    delete from sessions where user_id = ${userId}
    and (${exceptRowId}::uuid is null or row_id <> ${exceptRowId}::uuid) returning row_id`;
  if (gone.length > 0) await announceEnd(tx, userId);
  return gone.length;
}
