import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authenticate } from '#lib/server/auth/authenticate.ts';
import { createSession, readSession } from '#lib/server/auth/sessions.ts';
import {
  listOwnSessions,
  logOut,
  revokeOtherSessions,
  revokeOwnSession,
} from '#lib/server/services/identity/index.ts';
import {
  addUser,
  auditOf,
  codeOf,
  createIdentityApp,
  personOf,
  requestEvent,
  type IdentityApp,
} from '../../support/identity.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

const DAY_MS = 86_400_000;
const FROM = { ip: '203.0.113.7', userAgent: 'Firefox' };
let database: TestDatabase;
let app: IdentityApp;

beforeAll(async () => {
  database = await createTestDatabase();
  app = createIdentityApp(database.database);
});
afterAll(() => database.drop());

const who = async (token: string) =>
  (await authenticate({ app, event: requestEvent(app, { cookies: { tt_session: token } }) })).actor;

describe('a session', () => {
  it('is stored as the hash of its token only', async () => {
    const user = await addUser(app);
    const { token, rowId } = await createSession(app.db.sql, user.id, FROM);
    const [row] = await app.db
      .sql`select id, row_id, ip, user_agent from sessions where user_id = ${user.id}`;
    expect(row).toEqual({
      id: createHash('sha256').update(token).digest('hex'),
      row_id: rowId,
      ip: FROM.ip,
      user_agent: FROM.userAgent,
    });
  });

  it('names the person, and its stored hash does not', async () => {
    const user = await addUser(app);
    const { token, rowId } = await createSession(app.db.sql, user.id, FROM);
    expect(await who(token)).toEqual(user);
    const [row] = await app.db.sql<{ id: string }[]>`select id from sessions where row_id = ${rowId}`;
    expect(await who(row?.id ?? '')).toBeNull();
    expect(await who('')).toBeNull();
  });

  it('ends when its time is over, and its row goes', async () => {
    const user = await addUser(app);
    const { token } = await createSession(app.db.sql, user.id, FROM);
    await app.db.sql`update sessions set expires_at = now() - interval '1 second' where user_id = ${user.id}`;
    expect(await who(token)).toBeNull();
    expect(await app.db.sql`select 1 from sessions where user_id = ${user.id}`).toHaveLength(0);
  });

  it('is prolonged to thirty days once less than half is left, not before', async () => {
    const user = await addUser(app);
    const { token } = await createSession(app.db.sql, user.id, FROM);
    const daysAfterUse = async (left: number) => {
      await app.db
        .sql`update sessions set expires_at = now() + ${left} * interval '1 day' where user_id = ${user.id}`;
      const found = await readSession(app.db.sql, token);
      const [row] = await app.db.sql<
        { at: Date }[]
      >`select expires_at as at from sessions where user_id = ${user.id}`;
      expect(found?.session.expiresAt.getTime()).toBe(row?.at.getTime());
      return Math.round(((row?.at.getTime() ?? 0) - Date.now()) / DAY_MS);
    };
    expect(await daysAfterUse(16)).toBe(16);
    expect(await daysAfterUse(14)).toBe(30);
  });

  it('of somebody disabled ends at once', async () => {
    const user = await addUser(app);
    const { token } = await createSession(app.db.sql, user.id, FROM);
    await app.db.sql`update users set disabled_at = now() where id = ${user.id}`;
    expect(await who(token)).toBeNull();
  });
});

describe('ending sessions', () => {
  async function threeSessions() {
    const user = await addUser(app);
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => createSession(app.db.sql, user.id, FROM)));
    if (a === undefined || b === undefined || c === undefined) throw new Error('There should be three.');
    const person = personOf(app, user, { rowId: a.rowId, expiresAt: new Date() });
    return { a, b, c, person };
  }

  it('one by its own id leaves the others, is audited, and streams are looked at again', async () => {
    const { a, b, c, person } = await threeSessions();
    const before = { ...app.rung };
    await revokeOwnSession(person, b.rowId);
    expect(
      [await who(a.token), await who(b.token), await who(c.token)].map((actor) => actor !== null),
    ).toEqual([true, false, true]);
    expect(app.rung).toMatchObject({ rechecked: before.rechecked + 1, feed: before.feed + 1 });
    expect(await auditOf(app, null)).toContainEqual({
      action: 'session.revoked',
      actor: person.actor.name,
      target: b.rowId,
    });
  });

  it('of another person answers that there is none', async () => {
    const { b } = await threeSessions();
    const other = await addUser(app);
    expect(await codeOf(revokeOwnSession(personOf(app, other), b.rowId))).toBe('NOT_FOUND');
    expect(await codeOf(revokeOwnSession(personOf(app, other), 'not-an-id'))).toBe('NOT_FOUND');
    expect(await who(b.token)).not.toBeNull();
  });

  it('all others keeps this one, and the list says which this is', async () => {
    const { a, b, person } = await threeSessions();
    const rung = app.rung.feed;
    expect(await revokeOtherSessions(person)).toBe(2);
    expect(app.rung.feed).toBe(rung + 1);
    expect([await who(a.token), await who(b.token)].map((actor) => actor !== null)).toEqual([true, false]);
    expect(await listOwnSessions(person)).toMatchObject([{ rowId: a.rowId, current: true }]);
  });

  it('by logging out ends this one', async () => {
    const { a, b, person } = await threeSessions();
    const rung = app.rung.feed;
    await logOut(person);
    expect(app.rung.feed).toBe(rung + 1);
    expect([await who(a.token), await who(b.token)].map((actor) => actor !== null)).toEqual([false, true]);
  });
});
