import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authenticate } from '#lib/server/auth/authenticate.ts';
import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { StartupError } from '#lib/server/errors.ts';
import {
  bootstrapFromEnv,
  changePassword,
  completeSetup,
  createUserAsOperator,
  isSetupToken,
  listUsers,
  logIn,
  prepareSetup,
  resetPasswordAsOperator,
} from '#lib/server/services/identity/index.ts';
import {
  addUser,
  auditOf,
  codeOf,
  createIdentityApp,
  personOf,
  requestEvent,
  visitor,
  type IdentityApp,
} from '../../support/identity.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

const PASSWORD = 'correct horse battery';
const SETUP = {
  name: 'Mira Costa',
  email: ' Mira@Example.org ',
  password: PASSWORD,
  workspace: 'Term deposit calls',
  preset: 'content',
  timezone: 'Europe/Lisbon',
};
let database: TestDatabase;
let app: IdentityApp;

beforeEach(async () => {
  database = await createTestDatabase();
  app = createIdentityApp(database.database);
});
afterEach(() => database.drop());

async function tokenFromStart(): Promise<string> {
  const token = await prepareSetup(app);
  if (token === null) throw new Error('There should be a setup token.');
  return token;
}

const actorOf = async (token: string) =>
  (await authenticate({ app, event: requestEvent(app, { cookies: { tt_session: token } }) })).actor;

describe('setup', () => {
  it('makes the admin and the first workspace, logs in, and audits it', async () => {
    const { session, workspace } = await completeSetup(visitor(app), await tokenFromStart(), SETUP);
    expect((await listUsers(app)).map(({ operator }) => operator)).toEqual([true]);
    expect(workspace).toMatchObject({
      slug: 'term-deposit-calls',
      name: 'Term deposit calls',
      timezone: 'Europe/Lisbon',
      simulated: false,
    });
    expect(await actorOf(session.token)).toMatchObject({
      type: 'user',
      name: 'Mira Costa',
      email: 'mira@example.org',
    });
    expect(await app.db.sql`select role from memberships where workspace_id = ${workspace.id}`).toEqual([
      { role: 'admin' },
    ]);
    expect((await auditOf(app, null)).map(({ action }) => action)).toEqual([
      'user.created',
      'session.created',
    ]);
    expect((await auditOf(app, workspace.id)).map(({ action }) => action)).toEqual([
      'workspace.created',
      'member.added',
    ]);
    const [row] = await app.db.sql<{ password_hash: string }[]>`select password_hash from users`;
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('works once, and for one of two at the same moment', async () => {
    const token = await tokenFromStart();
    const both = await Promise.allSettled([
      completeSetup(visitor(app), token, SETUP),
      completeSetup(visitor(app), token, { ...SETUP, email: 'second@example.org' }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await codeOf(completeSetup(visitor(app), token, SETUP))).toBe('FORBIDDEN');
    expect(await listUsers(app)).toHaveLength(1);
    expect(await prepareSetup(app)).toBeNull();
  });

  it('refuses a wrong token and the one of an earlier start, and stores neither', async () => {
    const earlier = await tokenFromStart();
    const token = await tokenFromStart();
    expect([
      await isSetupToken(app, 'guess'),
      await isSetupToken(app, earlier),
      await isSetupToken(app, token),
    ]).toEqual([false, false, true]);
    expect(await codeOf(completeSetup(visitor(app), earlier, SETUP))).toBe('FORBIDDEN');
    const [row] = await app.db.sql<
      { value: unknown }[]
    >`select value from instance where key = 'setup-token'`;
    expect(JSON.stringify(row)).not.toContain(token);
  });

  it('says which fields need attention and keeps the link working', async () => {
    const token = await tokenFromStart();
    const wrong = { ...SETUP, email: 'mira', password: 'short', timezone: 'Mars/Base' };
    const refused = completeSetup(visitor(app), token, wrong);
    await expect(refused).rejects.toMatchObject({
      code: 'VALIDATION',
      issues: expect.arrayContaining(
        ['email', 'password', 'timezone'].map((path) => expect.objectContaining({ path })),
      ),
    });
    expect(await isSetupToken(app, token)).toBe(true);
  });
});

describe('logging in', () => {
  const credentials = { email: 'mira@example.org', password: PASSWORD };
  beforeEach(() => createUserAsOperator(app, { name: 'Mira Costa', ...credentials }));

  it('starts a session, whatever case the e-mail is written in', async () => {
    const { token } = await logIn(visitor(app), { ...credentials, email: ' MIRA@example.org' });
    expect(await actorOf(token)).toMatchObject({ email: 'mira@example.org' });
    expect((await auditOf(app, null)).map(({ action }) => action)).toContain('session.created');
  });

  it('answers the same for a wrong password, an unknown e-mail and a disabled account', async () => {
    const words = async (input: typeof credentials) => {
      try {
        await logIn(visitor(app), input);
      } catch (thrown) {
        return thrown;
      }
      throw new Error('It let somebody in.');
    };
    const wrongPassword = await words({ ...credentials, password: 'wrong horse battery' });
    const unknown = await words({ ...credentials, email: 'nobody@example.org' });
    await app.db.sql`update users set disabled_at = now()`;
    const disabled = await words(credentials);
    expect(wrongPassword).toMatchObject({ code: 'UNAUTHENTICATED' });
    for (const other of [unknown, disabled]) {
      expect(other).toMatchObject({ code: 'UNAUTHENTICATED', message: (wrongPassword as Error).message });
    }
  });

  it('is refused after too many attempts, even with the right password', async () => {
    const strict = createIdentityApp(database.database, { env: { TELLTALE_LOGINS_PER_MINUTE: '3' } });
    const wrong = { ...credentials, password: 'wrong horse battery' };
    for (let i = 0; i < 3; i++) expect(await codeOf(logIn(visitor(strict), wrong))).toBe('UNAUTHENTICATED');
    expect(await codeOf(logIn(visitor(strict), credentials))).toBe('RATE_LIMITED');
    await logIn(visitor(strict, '198.51.100.9'), credentials);
  });
});

describe('changing the password', () => {
  it('ends the other sessions and keeps this one', async () => {
    await createUserAsOperator(app, { name: 'Mira Costa', email: 'mira@example.org', password: PASSWORD });
    const here = await logIn(visitor(app), { email: 'mira@example.org', password: PASSWORD });
    const elsewhere = await logIn(visitor(app), { email: 'mira@example.org', password: PASSWORD });
    const actor = await actorOf(here.token);
    if (actor?.type !== 'user') throw new Error('Nobody is logged in.');
    const person = personOf(app, actor, { rowId: here.rowId, expiresAt: new Date() });

    await expect(
      changePassword(person, { current: 'wrong one here', password: 'another fine pass' }),
    ).rejects.toMatchObject({
      issues: [{ path: 'current' }],
    });
    const rung = app.rung.feed;
    expect(await changePassword(person, { current: PASSWORD, password: 'another fine pass' })).toBe(1);
    expect(app.rung.feed).toBe(rung + 1);
    expect(await actorOf(here.token)).not.toBeNull();
    expect(await actorOf(elsewhere.token)).toBeNull();
    expect(await codeOf(logIn(visitor(app), { email: 'mira@example.org', password: PASSWORD }))).toBe(
      'UNAUTHENTICATED',
    );
    await logIn(visitor(app), { email: 'mira@example.org', password: 'another fine pass' });
    expect((await auditOf(app, null)).map(({ action }) => action)).toContain('user.password-changed');
  });
});

describe('the person at the terminal', () => {
  it('gives a lost admin a new password, ends their sessions, and is named in the audit log', async () => {
    await createUserAsOperator(app, { name: 'Mira Costa', email: 'mira@example.org', password: PASSWORD });
    const { token } = await logIn(visitor(app), { email: 'mira@example.org', password: PASSWORD });
    await resetPasswordAsOperator(app, { email: 'Mira@example.org', password: 'a brand new one' });
    expect(await actorOf(token)).toBeNull();
    await logIn(visitor(app), { email: 'mira@example.org', password: 'a brand new one' });
    expect(await auditOf(app, null)).toContainEqual(
      expect.objectContaining({ action: 'user.password-reset', actor: 'command line' }),
    );
    expect(
      await codeOf(
        resetPasswordAsOperator(app, { email: 'nobody@example.org', password: 'a brand new one' }),
      ),
    ).toBe('NOT_FOUND');
  });

  it('cannot make a second account for an address', async () => {
    await createUserAsOperator(app, { name: 'Mira', email: 'mira@example.org', password: PASSWORD });
    const again = createUserAsOperator(app, { name: 'Mira', email: 'MIRA@example.org', password: PASSWORD });
    expect(await codeOf(again)).toBe('VALIDATION');
  });
});

describe('the environment of a first start', () => {
  const KEY = `tt_${'k'.repeat(32)}`;
  const FULL = {
    TELLTALE_ADMIN_EMAIL: 'Admin@Example.org',
    TELLTALE_ADMIN_PASSWORD: PASSWORD,
    TELLTALE_WORKSPACE: 'term-deposit-calls',
    TELLTALE_API_KEY: KEY,
  };
  const startWith = (env: Record<string, string>) =>
    bootstrapFromEnv(createIdentityApp(database.database, { env }));

  it('makes admin, workspace and key, once, also when two instances start together', async () => {
    expect((await Promise.all([startWith(FULL), startWith(FULL)])).sort()).toEqual([false, true]);
    expect(await startWith({ ...FULL, TELLTALE_ADMIN_EMAIL: 'other@example.org' })).toBe(false);
    expect(await listUsers(app)).toMatchObject([
      { email: 'admin@example.org', workspaces: ['term-deposit-calls (admin)'] },
    ]);
    await logIn(visitor(app), { email: 'admin@example.org', password: PASSWORD });

    const event = requestEvent(app, { headers: { authorization: `Bearer ${KEY}` } });
    event.locals.actor = (await authenticate({ app, event })).actor;
    for (const permission of ['read', 'record', 'analyse', 'manage'] as const) {
      expect((await authorizeApi(event, permission)).workspace).toMatchObject({
        slug: 'term-deposit-calls',
        preset: 'content',
      });
    }
    expect(await prepareSetup(app)).toBeNull();
  });

  it('is ignored once somebody has an account, whatever it says', async () => {
    await addUser(app);
    expect(await startWith({ TELLTALE_ADMIN_EMAIL: 'not an address' })).toBe(false);
  });

  it('may name nothing at all', async () => {
    expect(await startWith({})).toBe(false);
  });

  it.each([
    ['an e-mail without a password', { TELLTALE_ADMIN_EMAIL: 'a@example.org' }, /TELLTALE_ADMIN_PASSWORD/],
    ['a wrong e-mail', { ...FULL, TELLTALE_ADMIN_EMAIL: 'admin' }, /TELLTALE_ADMIN_EMAIL/],
    [
      'a short password',
      { ...FULL, TELLTALE_ADMIN_PASSWORD: 'short' },
      /TELLTALE_ADMIN_PASSWORD.*10 characters/,
    ],
    ['a workspace that is no address', { ...FULL, TELLTALE_WORKSPACE: 'Term Calls' }, /TELLTALE_WORKSPACE/],
    ['a short key', { ...FULL, TELLTALE_API_KEY: 'tt_short' }, /TELLTALE_API_KEY.*32/],
    [
      'a key without a workspace',
      { ...FULL, TELLTALE_WORKSPACE: '' },
      /TELLTALE_API_KEY needs TELLTALE_WORKSPACE/,
    ],
    ['a workspace without an admin', { TELLTALE_WORKSPACE: 'calls' }, /TELLTALE_ADMIN_EMAIL/],
  ])('stops the start for %s, in words, and makes nothing', async (_, env, words) => {
    const stopped = startWith(env);
    await expect(stopped).rejects.toThrow(StartupError);
    await expect(stopped).rejects.toThrow(words);
    expect(await listUsers(app)).toEqual([]);
  });
});
