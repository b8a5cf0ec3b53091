import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { App } from '../../app.ts';
import { sha256 } from '../../auth/sha256.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { hasUsers } from './has-users.ts';

const KEY = 'setup-token';

/**
 * A fresh one-time token for `/setup`, or null when there are users already. Called at each start: only the newest
 * token works, and only its hash is kept.
 */
export async function prepareSetup(app: Pick<App, 'db'>): Promise<string | null> {
  const { sql } = app.db;
  if (await hasUsers(sql)) return null;
  const token = randomBytes(24).toString('base64url');
  await sql`
    insert into instance (key, value) values (${KEY}, ${sql.json({ hash: sha256(token) })})
    on conflict (key) do update set value = excluded.value, updated_at = now()`;
  return token;
}

const sameHash = (stored: string, token: string): boolean => {
  const [a, b] = [Buffer.from(stored), Buffer.from(sha256(token))];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** Whether this token may still make the first admin. */
export async function isSetupToken(app: Pick<App, 'db'>, token: string): Promise<boolean> {
  const { sql } = app.db;
  const [row] = await sql<{ value: { hash: string } }[]>`select value from instance where key = ${KEY}`;
  return row !== undefined && sameHash(row.value.hash, token) && !(await hasUsers(sql));
}

/** Uses the token up, in the caller's transaction: of two that come at once, one gets true. */
export async function takeSetupToken(tx: Sql | TransactionSql, token: string): Promise<boolean> {
  const [row] = await tx<{ value: { hash: string } }[]>`
    select value from instance where key = ${KEY} for update`;
  if (row === undefined || !sameHash(row.value.hash, token) || (await hasUsers(tx))) return false;
  await tx`delete from instance where key = ${KEY}`;
  return true;
}
