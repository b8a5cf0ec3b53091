import { isHttpError, isRedirect } from '@sveltejs/kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiKeyToken } from '#lib/server/auth/api-key-token.ts';
import { authenticate } from '#lib/server/auth/authenticate.ts';
import { authorizeApi, authorizePage } from '#lib/server/auth/authorize.ts';
import type { Actor, ApiScope, Permission, WorkspaceInfo, WorkspaceRole } from '#lib/server/context.ts';
import { createApiKey, revokeApiKey } from '#lib/server/services/api-keys/index.ts';
import {
  addMember,
  addUser,
  addWorkspace,
  codeOf,
  contextOf,
  createIdentityApp,
  requestEvent,
  type IdentityApp,
} from '../../support/identity.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

const PERMISSIONS: Permission[] = ['read', 'record', 'analyse', 'manage'];
let database: TestDatabase;
let app: IdentityApp;
let workspace: WorkspaceInfo;
let admin: Extract<Actor, { type: 'user' }>;

beforeAll(async () => {
  database = await createTestDatabase();
  app = createIdentityApp(database.database);
  ({ workspace, admin } = await addWorkspace(app));
});
afterAll(() => database.drop());

async function statusOf(promise: Promise<unknown>): Promise<number | string> {
  try {
    await promise;
    return 200;
  } catch (thrown) {
    if (isRedirect(thrown)) return thrown.location;
    if (isHttpError(thrown)) return thrown.status;
    throw thrown;
  }
}

/** A request with this key, authenticated as the hook does it. */
async function keyEvent(key: string, path = '/api/v1/outcomes') {
  const event = requestEvent(app, { path, headers: { authorization: `Bearer ${key}` } });
  event.locals.actor = (await authenticate({ app, event })).actor;
  return event;
}

const newKey = (scopes: ApiScope[], at = workspace, by = admin) =>
  createApiKey(contextOf(app, at, by, 'admin'), { name: 'Script', scopes });

describe('a page', () => {
  it.each<[WorkspaceRole, Permission[]]>([
    ['viewer', ['read']],
    ['recorder', ['read', 'record']],
    ['analyst', ['read', 'record', 'analyse']],
    ['admin', ['read', 'record', 'analyse', 'manage']],
  ])('lets a %s do %j and nothing else', async (role, may) => {
    const actor = await addMember(app, workspace, role);
    for (const permission of PERMISSIONS) {
      const status = await statusOf(authorizePage(requestEvent(app, { actor }), workspace.slug, permission));
      expect([permission, status]).toEqual([permission, may.includes(permission) ? 200 : 403]);
    }
  });

  it('of other people is the same 404 as one that does not exist', async () => {
    const stranger = await addUser(app);
    const event = requestEvent(app, { actor: stranger });
    expect(await statusOf(authorizePage(event, workspace.slug, 'read'))).toBe(404);
    expect(await statusOf(authorizePage(event, 'no-such-workspace', 'read'))).toBe(404);
  });

  it('sends somebody who is not logged in to the login page and back', async () => {
    const event = requestEvent(app, { path: '/w/calls/patterns?sort=n' });
    expect(await statusOf(authorizePage(event, 'calls', 'read'))).toBe(
      '/login?next=%2Fw%2Fcalls%2Fpatterns%3Fsort%3Dn',
    );
  });

  it('cannot be opened with an API key', async () => {
    const { key } = await newKey(['read', 'record', 'manage']);
    expect(await statusOf(authorizePage(await keyEvent(key, '/w/x'), workspace.slug, 'read'))).toBe(
      '/login?next=%2Fw%2Fx',
    );
  });
});

describe('an API key', () => {
  it.each<[ApiScope[], Permission[]]>([
    [['read'], ['read']],
    [['record'], ['record']],
    [['manage'], ['analyse', 'manage']],
    [
      ['read', 'record'],
      ['read', 'record'],
    ],
  ])('with %j may %j and nothing else', async (scopes, may) => {
    const { key } = await newKey(scopes);
    for (const permission of PERMISSIONS) {
      const asked = authorizeApi(await keyEvent(key), permission);
      if (may.includes(permission)) expect((await asked).workspace).toEqual(workspace);
      else expect(await codeOf(asked)).toBe('FORBIDDEN');
    }
  });

  it('is stored hashed, shown by its first characters, and its last use is kept to the minute', async () => {
    const { id, key } = await newKey(['read']);
    const read = async () => {
      const [row] = await app.db.sql<{ prefix: string; hash: string; last_used_at: Date | null }[]>`
        select prefix, hash, last_used_at from api_keys where id = ${id}`;
      if (row === undefined) throw new Error('The key is gone.');
      return row;
    };
    expect(key).toMatch(/^tt_[A-Za-z0-9_-]{32,}$/);
    const fresh = await read();
    expect(key.startsWith(fresh.prefix)).toBe(true);
    expect(JSON.stringify(fresh)).not.toContain(key);
    expect(fresh.last_used_at).toBeNull();

    await keyEvent(key);
    const first = (await read()).last_used_at?.getTime();
    await keyEvent(key);
    expect((await read()).last_used_at?.getTime()).toBe(first);
    await app.db
      .sql`update api_keys set last_used_at = last_used_at - interval '61 seconds' where id = ${id}`;
    await keyEvent(key);
    expect((await read()).last_used_at?.getTime()).toBeGreaterThanOrEqual(first ?? Infinity);
  });

  it('that was revoked, never was, or is malformed is nobody', async () => {
    const { id, key } = await newKey(['read']);
    expect(await codeOf(authorizeApi(await keyEvent('nonsense'), 'read'))).toBe('UNAUTHENTICATED');
    expect(await codeOf(authorizeApi(await keyEvent(createApiKeyToken().key), 'read'))).toBe(
      'UNAUTHENTICATED',
    );
    expect((await authorizeApi(await keyEvent(key), 'read')).workspace.id).toBe(workspace.id);
    await revokeApiKey(contextOf(app, workspace, admin, 'admin'), id);
    expect(await codeOf(authorizeApi(await keyEvent(key), 'read'))).toBe('UNAUTHENTICATED');
  });

  it('is refused from the moment of its revoking by an instance that took it just before', async () => {
    const { id, key } = await newKey(['record']);
    const elsewhere = createIdentityApp(database.database);
    const ask = () =>
      authenticate({
        app: elsewhere,
        event: requestEvent(elsewhere, { headers: { authorization: `Bearer ${key}` } }),
      });
    expect((await ask()).actor).toMatchObject({ type: 'api-key', id, workspace });
    await revokeApiKey(contextOf(app, workspace, admin, 'admin'), id);
    expect((await ask()).actor).toBeNull();
  });

  it('is judged alone, also when a session cookie came along', async () => {
    const event = requestEvent(app, {
      path: `/api/v1/outcomes?ws=${workspace.slug}`,
      headers: { authorization: 'Bearer tt_wrong' },
      actor: null,
      cookies: { tt_session: 'anything' },
    });
    expect(await codeOf(authorizeApi(event, 'read'))).toBe('UNAUTHENTICATED');
  });

  it('reaches no other workspace', async () => {
    const other = await addWorkspace(app, 'Other');
    const { key } = await newKey(['read']);
    expect(
      await codeOf(authorizeApi(await keyEvent(key, `/api/v1/outcomes?ws=${other.workspace.slug}`), 'read')),
    ).toBe('NOT_FOUND');
    expect(
      (await authorizeApi(await keyEvent(key, `/api/v1/outcomes?ws=${workspace.slug}`), 'read')).workspace.id,
    ).toBe(workspace.id);
  });
});

describe('the API with a session', () => {
  it('needs the workspace by name, and it must be one of the person’s', async () => {
    const at = (path: string, actor: Actor | null) =>
      authorizeApi(requestEvent(app, { path, actor }), 'read');
    expect((await at(`/api/v1/outcomes?ws=${workspace.slug}`, admin)).workspace).toEqual(workspace);
    expect(await codeOf(at('/api/v1/outcomes', admin))).toBe('VALIDATION');
    expect(await codeOf(at('/api/v1/outcomes?ws=nope', admin))).toBe('NOT_FOUND');
    expect(await codeOf(at(`/api/v1/outcomes?ws=${workspace.slug}`, await addUser(app)))).toBe('NOT_FOUND');
    // The database cannot even be asked about NUL.
    expect(await codeOf(at('/api/v1/outcomes?ws=a%00b', admin))).toBe('NOT_FOUND');
    expect(await codeOf(at(`/api/v1/outcomes?ws=${workspace.slug}`, null))).toBe('UNAUTHENTICATED');
  });
});
