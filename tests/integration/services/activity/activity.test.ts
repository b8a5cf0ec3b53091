import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ACTIVITY_ACTIONS,
  activityQuerySchema,
  type ActivityList,
  type ActivityView,
} from '#lib/contracts/activity.ts';
import { emitAudit, type AuditEntry } from '#lib/server/audit/emit-audit.ts';
import { CHANGES, isChange, isLogin, UNTOLD } from '#lib/server/audit/told.ts';
import { createSession } from '#lib/server/auth/sessions.ts';
import type { Context, WorkspaceInfo } from '#lib/server/context.ts';
import { readCursor } from '#lib/server/event-log/index.ts';
import { listActivity } from '#lib/server/services/activity/index.ts';
import { activityRows } from '#lib/server/services/activity/list-activity.ts';
import { createApiKey } from '#lib/server/services/api-keys/index.ts';
import { fixAttributeTypes } from '#lib/server/services/attribute-types/index.ts';
import {
  changePassword,
  insertUser,
  logIn,
  logOut,
  resetPasswordAsOperator,
  revokeOtherSessions,
} from '#lib/server/services/identity/index.ts';
import { changeRole, invite } from '#lib/server/services/members/index.ts';
import { hashPassword } from '#lib/server/auth/passwords.ts';
import { GET } from '../../../../src/routes/api/v1/activity/+server.ts';
import { callApi } from '../../../support/api-event.ts';
import {
  addMember,
  addUser,
  addWorkspace,
  codeOf,
  contextOf,
  createIdentityApp,
  personOf,
  visitor,
  type IdentityApp,
} from '../../../support/identity.ts';
import { startFeedServer, type FeedServer } from '../../feed/feed-server.ts';
import { RawReader } from '../../feed/raw-reader.ts';

let server: FeedServer;
let app: IdentityApp;

beforeAll(async () => {
  server = await startFeedServer();
  app = createIdentityApp(server.db.database);
  app.doorbell.ringFeed = () => server.doorbell.ringFeed();
});
afterAll(() => server.stop());

async function fresh(): Promise<{ ctx: Context; workspace: WorkspaceInfo }> {
  const { admin, workspace } = await addWorkspace(app, 'Calls');
  return { ctx: contextOf(app, workspace, admin, 'admin'), workspace };
}

interface Told {
  type: string;
  topic: string;
  key: string;
  scope: string;
  op: string;
  rev: number;
  payload: Record<string, unknown>;
}

/** What the outbox has for a workspace of what this is about, oldest first. */
const toldIn = ({ workspace }: Pick<Context, 'workspace'>) => app.db.sql<Told[]>`
  select type, topic, key, scope, op, rev, payload from feed_outbox
  where workspace_id = ${workspace.id} and (type like 'user.%' or type like 'collection.%') order by wid`;

async function actionsOf(ctx: Context, query: object = {}): Promise<string[]> {
  return (await listActivity(ctx, query)).items.map(({ action }) => action);
}

const TARGETS: Record<string, string> = {
  member: 'user',
  outcomes: 'workspace',
  simulation: 'workspace',
  log: 'workspace',
};
const entryOf = (action: AuditEntry['action']): AuditEntry => {
  const noun = action.split('.')[0] ?? '';
  const targetType = TARGETS[noun] ?? noun;
  const targetId = targetType === 'user' ? '01997a3e-6f1c-7b32-8d0a-5f3b2c1d0e4f' : `${noun}-1`;
  return { action, targetType, targetId, metadata: { secret: 'hidden', name: 'a name' } };
};

describe('what an audit row tells', () => {
  let shared: Context;
  beforeAll(async () => {
    shared = (await fresh()).ctx;
  });

  it.each(ACTIVITY_ACTIONS.filter(isChange))('%s: the admins, and its collection once', async (action) => {
    const ctx = shared;
    const before = (await toldIn(ctx)).length;
    await app.db.sql.begin((tx) => emitAudit(tx, ctx, entryOf(action)));
    const told = (await toldIn(ctx)).slice(before);
    const [row] = await app.db.sql<{ id: number }[]>`select max(id) as id from audit_log`;
    const change = CHANGES[action];
    expect(told).toHaveLength(change === null ? 1 : 2);
    expect(told[0]).toMatchObject({ type: 'user.acted', scope: 'role:admin', key: String(row?.id) });
    expect(told[0]?.payload).toMatchObject({ id: row?.id, action, actor: { name: ctx.actor.name } });
    expect(JSON.stringify(told)).not.toContain('hidden');
    if (change === null) return;
    const { collection, op, admins } = change;
    expect(told[1]).toMatchObject({
      type: `collection.${op}`,
      topic: 'collections',
      key: `${collection}/${entryOf(action).targetId}`,
      scope: admins === true ? 'role:admin' : 'workspace',
      op: op === 'deleted' ? 'delete' : 'upsert',
      rev: row?.id,
      payload: { collection, action },
    });
    expect(JSON.stringify(told[1])).not.toContain(ctx.actor.name);
  });

  it.each(UNTOLD)('%s: nobody', async (action) => {
    const ctx = shared;
    const before = (await toldIn(ctx)).length;
    await app.db.sql.begin((tx) => emitAudit(tx, ctx, entryOf(action)));
    expect(await toldIn(ctx)).toHaveLength(before);
  });

  it('is nothing when the transaction is rolled back', async () => {
    const { ctx } = await fresh();
    const before = await toldIn(ctx);
    const rolledBack = app.db.sql.begin(async (tx) => {
      await emitAudit(tx, ctx, entryOf('workspace.updated'));
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect(await toldIn(ctx)).toEqual(before);
    expect(await actionsOf(ctx)).toEqual(['member.added', 'workspace.created']);
  });

  it('an attribute that an outcome brings is told once', async () => {
    const { ctx } = await fresh();
    const learn = () =>
      app.db.sql.begin((tx) =>
        fixAttributeTypes(tx, ctx, [{ index: 0, attributes: { contact: 'cellular' } }]),
      );
    await learn();
    await learn();
    expect((await toldIn(ctx)).filter(({ key }) => key === 'attributes/contact')).toMatchObject([
      { type: 'collection.created', scope: 'workspace', payload: { action: 'attribute.learned' } },
    ]);
  });
});

describe('many attributes at once', () => {
  it('are told in one event, newer than what was done to the attributes before', async () => {
    const { ctx } = await fresh();
    const learn = (prefix: string, n: number) =>
      app.db.sql.begin((tx) =>
        fixAttributeTypes(tx, ctx, [
          {
            index: 0,
            attributes: Object.fromEntries(Array.from({ length: n }, (_, i) => [`${prefix}${i}`, 1])),
          },
        ]),
      );
    await learn('few', 50);
    await app.db.sql.begin((tx) =>
      emitAudit(tx, ctx, { action: 'attribute.choose', targetType: 'attribute', targetId: null }),
    );
    await learn('many', 51);
    const told = (await toldIn(ctx)).filter(({ key }) => /^attributes/.test(key));
    const [chosen, many] = told.slice(50);
    expect(told).toHaveLength(52);
    expect(many).toMatchObject({
      type: 'collection.created',
      key: 'attributes',
      payload: { collection: 'attributes', id: null, action: 'attribute.learned' },
    });
    expect(many?.rev).toBeGreaterThanOrEqual(chosen?.rev ?? Infinity);
  });
});

describe('logins', () => {
  const password = 'correct horse battery';
  async function somebody() {
    const passwordHash = await hashPassword(password);
    const email = `${crypto.randomUUID()}@example.org`;
    const user = await app.db.sql.begin((tx) =>
      insertUser(tx, { ...visitor(app), actor: null }, { name: 'Ada', email, passwordHash }),
    );
    const places = [await fresh(), await fresh()];
    for (const { workspace } of places)
      await app.db
        .sql`insert into memberships (workspace_id, user_id, role) values (${workspace.id}, ${user.id}, 'viewer')`;
    return { user, email, places, elsewhere: await fresh() };
  }
  const loginsIn = async (ctx: Context) =>
    (await toldIn(ctx)).filter(({ type }) => type.startsWith('user.logged'));

  it('are told in every workspace of the person and in no other, and so is their end, however it comes', async () => {
    const { user, email, places, elsewhere } = await somebody();
    const { rowId } = await logIn(visitor(app), { email, password });
    await logIn(visitor(app), { email, password });
    const person = personOf(app, user, { rowId, expiresAt: new Date() });
    await revokeOtherSessions(person);
    await revokeOtherSessions(person);
    await createSession(app.db.sql, user.id, { ip: null, userAgent: null });
    await changePassword(person, { current: password, password: `${password}!` });
    await logOut(person);
    await logOut(person);
    await logIn(visitor(app), { email, password: `${password}!` });
    await resetPasswordAsOperator(app, { email, password });
    for (const { ctx } of places) {
      const told = await loginsIn(ctx);
      expect(told.map(({ payload }) => payload['action'])).toEqual([
        'session.created',
        'session.created',
        'session.others-revoked',
        'user.password-changed',
        'session.ended',
        'session.created',
        'user.password-reset',
      ]);
      expect(told.map(({ type }) => type === 'user.logged_in')).toEqual([
        true,
        true,
        false,
        false,
        false,
        true,
        false,
      ]);
      for (const one of told)
        expect(one).toMatchObject({ scope: 'role:admin', payload: { userId: user.id, name: 'Ada' } });
      expect(JSON.stringify(told)).not.toContain(rowId);
      // The page says the same as the feed, and in the same words.
      const listed = (await listActivity(ctx, { kind: 'logins' })).items;
      expect(listed.toReversed()).toEqual(
        told.map(({ payload: { userId: _userId, name: _name, ...view } }) => view),
      );
    }
    expect(await loginsIn(elsewhere.ctx)).toEqual([]);
    expect(await actionsOf(elsewhere.ctx, { kind: 'logins' })).toEqual([]);
  });

  it('that fail are told to nobody', async () => {
    const { email, places } = await somebody();
    expect(await codeOf(logIn(visitor(app), { email, password: 'wrong' }))).toBe('UNAUTHENTICATED');
    for (const { ctx } of places) expect(await loginsIn(ctx)).toEqual([]);
  });

  it('from before somebody belonged to the workspace are not shown there', async () => {
    const { email, user } = await somebody();
    await logIn(visitor(app), { email, password });
    const { ctx, workspace } = await fresh();
    await app.db
      .sql`insert into memberships (workspace_id, user_id, role) values (${workspace.id}, ${user.id}, 'viewer')`;
    expect(await actionsOf(ctx, { kind: 'logins' })).toEqual([]);
    await logIn(visitor(app), { email, password });
    expect(await actionsOf(ctx, { kind: 'logins' })).toEqual(['session.created']);
  });
});

describe('who may see it', () => {
  it('admins: live, in a replay and in a poll; others none of it, but the collections that they may read', async () => {
    const { ctx, workspace } = await fresh();
    const admin = await server.addKey(workspace, ['read', 'manage']);
    const reader = await server.addKey(workspace, ['read']);
    const member = await addMember(app, workspace, 'viewer');
    const since = await readCursor(app.db.sql);
    const live = await Promise.all(
      [admin, reader].map((key) =>
        new RawReader(`${server.url}?snapshot=always&since=${since}`, key).until(
          (r) => r.of('hello').length > 0,
        ),
      ),
    );
    await createApiKey(ctx, { name: 'Nightly', scopes: ['read'] });
    await invite(ctx, { email: 'eve@example.org', role: 'viewer' });
    await changeRole(ctx, member.id, { role: 'recorder' });
    const last = `members/${member.id}`;
    for (const one of live) await one.until((r) => r.keys().includes(last));
    const typesOf = (frames: { json: Record<string, unknown> }[]) =>
      frames
        .map(({ json }) => `${String(json['type'])} ${String(json['key']).split('/')[0] ?? ''}`)
        .filter((words) => /^(user|collection)/.test(words))
        .map((words) => words.replace(/ \d+$/, ''));
    const all = [
      'user.acted',
      'collection.created api-keys',
      'user.acted',
      'collection.created invitations',
      'user.acted',
      'collection.updated members',
    ];
    const open = ['collection.updated members'];
    expect(live.map((r) => typesOf(r.deltas))).toEqual([all, open]);
    for (const [key, wanted] of [
      [admin, all],
      [reader, open],
    ] as const) {
      const replay = await new RawReader(`${server.url}?since=${since}`, key).until((r) =>
        r.keys().includes(last),
      );
      expect(typesOf(replay.deltas)).toEqual(wanted);
      replay.close();
      const answer = await fetch(`${server.url}/poll?since=${since}&wait=0`, {
        headers: { authorization: `Bearer ${key.token}` },
      });
      const { events } = (await answer.json()) as { events: Record<string, unknown>[] };
      expect(typesOf(events.map((json) => ({ json })))).toEqual(wanted);
    }
    for (const one of live) one.close();
  });

  it('an event has the name of the first draft for those who want it', async () => {
    const { ctx, workspace } = await fresh();
    const key = await server.addKey(workspace, ['read', 'manage']);
    const reader = await new RawReader(`${server.url}?compat=1`, key).until((r) => r.frames.length > 0);
    await createApiKey(ctx, { name: 'Nightly', scopes: ['read'] });
    await reader.until((r) => r.of('collection:created').length > 0 && r.of('user:activity').length > 0);
    reader.close();
  });

  it('over HTTP, whoever manages', async () => {
    const { ctx, workspace } = await fresh();
    const ask = (scopes: readonly ('read' | 'manage')[], query: string) =>
      callApi(
        GET,
        app,
        { type: 'api-key', id: crypto.randomUUID(), name: 'key', workspace, scopes },
        `/api/v1/activity${query}`,
      );
    expect((await ask(['read'], '')).status).toBe(403);
    expect((await ask(['manage'], '?kind=nonsense')).status).toBe(422);
    expect((await ask(['manage'], '?who=Ana')).status).toBe(422);
    const page = (await (await ask(['manage'], '?limit=1')).json()) as ActivityList;
    expect(page).toMatchObject({ items: [{ action: 'member.added' }], next: page.items[0]?.id });
    expect(
      await codeOf(listActivity({ ...ctx, permissions: new Set(['read', 'record', 'analyse']) }, {})),
    ).toBe('FORBIDDEN');
  });
});

describe('the list', () => {
  it('is paged without doubles and gaps, and without what is recorded, while more is done', async () => {
    const { ctx } = await fresh();
    const [first, second] = [
      await addMember(app, ctx.workspace, 'admin'),
      await addMember(app, ctx.workspace, 'viewer'),
    ];
    const act = (actor: Context['actor'], ...actions: AuditEntry['action'][]) =>
      app.db.sql.begin((tx) => emitAudit(tx, { ...ctx, actor }, ...actions.map(entryOf)));
    for (let i = 0; i < 8; i++) {
      await act(first, 'workspace.updated', 'outcome.recorded', 'attribute.bands');
      await act(second, 'outcome.corrected', 'journey.opened', 'journey.stepped');
    }
    const seen: ActivityView[] = [];
    let before: number | null = null;
    do {
      const page: ActivityList = await listActivity(ctx, {
        limit: 7,
        ...(before === null ? {} : { before }),
      });
      seen.push(...page.items);
      before = page.next;
      await act(first, 'log.verified');
    } while (before !== null);
    const ids = seen.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => b - a));
    expect(seen).toHaveLength(8 * 3 + 2);
    expect(new Set(await actionsOf(ctx, { who: second.id }))).toEqual(new Set(['outcome.corrected']));
    expect(new Set(await actionsOf(ctx, { kind: 'attributes' }))).toEqual(new Set(['attribute.bands']));
    expect(await actionsOf(ctx, { kind: 'attributes', who: second.id })).toEqual([]);
    const elsewhere = await fresh();
    expect(await actionsOf(elsewhere.ctx)).toEqual(['member.added', 'workspace.created']);
  });

  it('names whom and what, and how', async () => {
    const { ctx } = await fresh();
    const eve = await addUser(app, 'Eve');
    await app.db.sql.begin((tx) =>
      emitAudit(
        tx,
        ctx,
        {
          action: 'member.role-changed',
          targetType: 'user',
          targetId: eve.id,
          metadata: { before: 'viewer', after: 'analyst' },
        },
        {
          action: 'pattern.retire',
          targetType: 'pattern',
          targetId: 'p_1',
          metadata: {
            conditions: [
              { attribute: 'contact', value: 'mobile' },
              { attribute: 'age', value: '30 to 40' },
            ],
          },
        },
      ),
    );
    const { items } = await listActivity(ctx, { limit: 2 });
    expect(items.map(({ target, detail }) => [target.name, detail])).toEqual([
      ['contact mobile and age 30 to 40', null],
      ['Eve', 'analyst'],
    ]);
  });

  interface PlanNode {
    'Actual Rows': number;
    'Actual Loops': number;
    'Rows Removed by Filter'?: number;
    Plans?: PlanNode[];
    'Relation Name'?: string;
  }
  /** How many rows of the audit a page looked at. */
  const lookedAt = (node: PlanNode): number =>
    (node['Relation Name'] === 'audit_log'
      ? (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
      : 0) + (node.Plans ?? []).reduce((sum, one) => sum + lookedAt(one), 0);

  it('reads no recorded outcome and no login of others, however many there are', async () => {
    const { ctx } = await fresh();
    const people = [
      await addMember(app, ctx.workspace, 'viewer'),
      await addMember(app, ctx.workspace, 'viewer'),
    ];
    for (const { id } of people)
      await app.db.sql`
        insert into audit_log (actor_type, actor_id, actor_label, action, target_type)
        select 'user', ${id}, 'x', 'session.created', 'session' from generate_series(1, 100)`;
    await app.db.sql`
      insert into audit_log (workspace_id, actor_type, actor_id, actor_label, action, target_type)
      select case when n % 2 = 0 then ${ctx.workspace.id}::uuid end, 'user', gen_random_uuid()::text, 'x',
        case when n % 2 = 0 then 'outcome.recorded' else 'session.created' end, 'session'
      from generate_series(1, 40000) as n`;
    await app.db.sql`analyze audit_log`;
    for (const [query, most] of [
      [{}, 3 * 51 + 10],
      [{ kind: 'logins' }, 2 * 51 + 10],
      [{ kind: 'people' }, 10],
      [{ who: people[0]?.id }, 51 + 10],
      [{ before: 1 }, 0],
    ] as const) {
      const rows = activityRows(app.db.sql, ctx.workspace.id, activityQuerySchema.parse(query));
      const [found] = await app.db.sql<{ 'QUERY PLAN': { Plan: PlanNode }[] }[]>`
        explain (analyze, format json) ${rows}`;
      const plan = found?.['QUERY PLAN'][0]?.Plan;
      expect(plan === undefined ? Infinity : lookedAt(plan)).toBeLessThanOrEqual(most);
    }
    const { items } = await listActivity(ctx, { kind: 'logins', limit: 200 });
    expect(new Set(items.map(({ actor }) => actor.id))).toEqual(new Set(people.map(({ id }) => id)));
  });
});

it('every act is told, is a login, or is said to be told to nobody; none is both', () => {
  for (const action of ACTIVITY_ACTIONS) expect(isChange(action)).toBe(!isLogin(action));
  for (const action of UNTOLD) expect([isChange(action), isLogin(action)]).toEqual([false, false]);
});
