import { Lucia, TimeSpan } from 'lucia';
import type { Sql, TransactionSql } from '../db/client.ts';
import { createSessionAdapter } from './session-adapter.ts';

export const SESSION_COOKIE = 'tt_session';
export const SESSION_DAYS = 30;

/**
 * Lucia over our table. It holds no state of its own, so it is made where it is needed. A session lives 30 days and
 * is prolonged by lucia once less than half of them are left. Lucia is no longer developed: nothing outside of this
 * folder may import it.
 */
export function createLucia(sql: Sql | TransactionSql) {
  return new Lucia(createSessionAdapter(sql), {
    sessionExpiresIn: new TimeSpan(SESSION_DAYS, 'd'),
    getUserAttributes: ({ email, name }) => ({ email, name }),
    getSessionAttributes: ({ rowId }) => ({ rowId }),
  });
}

declare module 'lucia' {
  interface Register {
    Lucia: ReturnType<typeof createLucia>;
    UserId: string;
    DatabaseUserAttributes: { email: string; name: string };
    DatabaseSessionAttributes: { rowId: string; ip: string | null; userAgent: string | null };
  }
}
