import type { Adapter, DatabaseSession, DatabaseUser } from 'lucia';
import type { Sql, TransactionSql } from '../db/client.ts';
import { sha256 } from './sha256.ts';

interface Row {
  id: string;
  userId: string;
  expiresAt: Date;
  rowId: string;
  ip: string | null;
  userAgent: string | null;
}

const toSession = (row: Row, id: string): DatabaseSession => ({
  id,
  userId: row.userId,
  expiresAt: row.expiresAt,
  attributes: { rowId: row.rowId, ip: row.ip, userAgent: row.userAgent },
});

/**
 * Lucia's storage, also within a transaction. Lucia takes a session's id for the token in the cookie; here the row's
 * id is the token's SHA-256, so a stolen table logs nobody in. Tokens are hashed on the way in and given back as they
 * came on the way out; only `getUserSessions` has nothing but hashes to give (FINE-PRINT 39), so we never call it.
 */
export function createSessionAdapter(sql: Sql | TransactionSql): Adapter {
  return {
    async getSessionAndUser(token) {
      const [row] = await sql<(Row & { email: string; name: string; disabled: boolean })[]>`
        select s.id, s.user_id as "userId", s.expires_at as "expiresAt", s.row_id as "rowId", s.ip,
          s.user_agent as "userAgent", u.email, u.name, u.disabled_at is not null as disabled
        from sessions s join users u on u.id = s.user_id where s.id = ${sha256(token)}`;
      if (row === undefined) return [null, null];
      const user: DatabaseUser = { id: row.userId, attributes: { email: row.email, name: row.name } };
      // A session without a user is deleted by lucia, which is right for somebody disabled.
      return [toSession(row, token), row.disabled ? null : user];
    },
    async getUserSessions(userId) {
      const rows = await sql<Row[]>`
        select id, user_id as "userId", expires_at as "expiresAt", row_id as "rowId", ip, user_agent as "userAgent"
        from sessions where user_id = ${userId}`;
      return rows.map((row) => toSession(row, row.id));
    },
    async setSession({ id: token, userId, expiresAt, attributes: { rowId, ip, userAgent } }) {
      await sql`
        insert into sessions (id, row_id, user_id, expires_at, ip, user_agent)
        values (${sha256(token)}, ${rowId}, ${userId}, ${expiresAt}, ${ip}, ${userAgent})`;
    },
    async updateSessionExpiration(token, expiresAt) {
      await sql`update sessions set expires_at = ${expiresAt} where id = ${sha256(token)}`;
    },
    async deleteSession(token) {
      await sql`delete from sessions where id = ${sha256(token)}`;
    },
    async deleteUserSessions(userId) {
      await sql`delete from sessions where user_id = ${userId}`;
    },
    async deleteExpiredSessions() {
      await sql`delete from sessions where expires_at <= now()`;
    },
  };
}
