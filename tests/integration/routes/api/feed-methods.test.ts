import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '#lib/server/app.ts';
import type { Actor } from '#lib/server/context.ts';
import { createDoorbell } from '#lib/server/event-log/index.ts';
import { createFeedHub } from '#lib/server/feed/index.ts';
import * as feed from '../../../../src/routes/api/v1/feed/+server.ts';
import * as poll from '../../../../src/routes/api/v1/feed/poll/+server.ts';
import { callApi } from '../../../support/api-event.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { createTestApp, createTestWorkspace, testUser } from '../../../support/test-workspace.ts';

let db: TestDatabase;
let app: App;
let key: Actor;
let slug: string;
const ana = testUser('Ana');

beforeAll(async () => {
  db = await createTestDatabase();
  const plain = await createTestApp(db.database);
  const doorbell = createDoorbell({ url: db.database.url, instance: 'test' });
  app = { ...plain, feed: createFeedHub({ db: db.database, doorbell, env: plain.env }) };
  const workspace = await createTestWorkspace(db.database);
  slug = workspace.slug;
  await db.database.sql`
    insert into users (id, email, name, password_hash) values (${ana.id}, ${ana.email}, ${ana.name}, 'x')`;
  await db.database.sql`
    insert into memberships (workspace_id, user_id, role) values (${workspace.id}, ${ana.id}, 'viewer')`;
  key = { type: 'api-key', id: 'k', name: 'Script', workspace, scopes: ['read'] };
});
afterAll(() => db.drop());

describe.each([
  ['/api/v1/feed', feed],
  ['/api/v1/feed/poll', poll],
])('%s', (path, route) => {
  it('names its methods and refuses the others as problem details', async () => {
    const options = await callApi(route.OPTIONS, app, null, path, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const refused = await callApi(route.fallback, app, key, path, { method: 'PUT' });
    expect(refused.status).toBe(405);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe.each([
  ['/api/v1/feed', feed, 'text/event-stream; charset=utf-8'],
  ['/api/v1/feed/poll', poll, 'application/json'],
])('HEAD %s', (path, route, type) => {
  it('has the status and the type that GET has, and no body to wait for', async () => {
    for (const [query, status] of [
      ['?topics=zzz', 400],
      ['?snapshot=zzz', 400],
      ['?topics=metrics&snapshot=always', 200],
    ] as const) {
      const head = await callApi(route.HEAD, app, key, `${path}${query}`, { method: 'HEAD' });
      expect(head.status).toBe(status);
      if (status === 200) expect([head.body, head.headers.get('content-type')]).toEqual([null, type]);
    }
    for (const query of ['?topics=zzz', '?snapshot=zzz'])
      expect((await callApi(route.GET, app, key, `${path}${query}`)).status).toBe(400);
  });

  it('refuses a session that names no workspace as it refuses any wrong address', async () => {
    for (const query of ['', '?ws=', '?topics=zzz']) {
      const head = await callApi(route.HEAD, app, ana, `${path}${query}`, { method: 'HEAD' });
      const refused = await callApi(route.GET, app, ana, `${path}${query}`);
      expect([head.status, refused.status]).toEqual([400, 400]);
      expect(await refused.json()).toMatchObject({ issues: [{ path: 'ws' }] });
    }
  });

  it('refuses a session of somebody else than the address names', async () => {
    const answers = [
      [ana, `ws=${slug}`, 200],
      [ana, `ws=${slug}&user=${ana.id}`, 200],
      [ana, `ws=${slug}&user=${testUser().id}`, 401],
      [key, `user=${ana.id}`, 401],
    ] as const;
    for (const [actor, query, status] of answers) {
      const head = await callApi(route.HEAD, app, actor, `${path}?${query}`, { method: 'HEAD' });
      expect(head.status).toBe(status);
      if (status === 200) continue;
      const refused = await callApi(route.GET, app, actor, `${path}?${query}`);
      expect([refused.status, refused.headers.get('content-type')]).toEqual([
        401,
        'application/problem+json',
      ]);
    }
  });

  it('lets no page of another origin read it', async () => {
    const headers = { origin: 'https://elsewhere.example' };
    const answers = [
      await callApi(route.OPTIONS, app, null, path, { method: 'OPTIONS', headers }),
      await callApi(route.HEAD, app, key, path, { method: 'HEAD', headers }),
    ];
    for (const answer of answers)
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});
