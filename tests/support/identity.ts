import type { Cookies } from '@sveltejs/kit';
import type { App, WorkspaceKnowledge } from '../../src/lib/server/app.ts';
import type { AuthorizeEvent, Person, Visitor } from '../../src/lib/server/auth/visitor.ts';
import {
  permissionsOfRole,
  type Actor,
  type Context,
  type WorkspaceInfo,
  type WorkspaceRole,
} from '../../src/lib/server/context.ts';
import type { Database } from '../../src/lib/server/db/client.ts';
import { readEnv } from '../../src/lib/server/env.ts';
import { AppError } from '../../src/lib/server/errors.ts';
import { createLimits } from '../../src/lib/server/limits.ts';
import { insertUser } from '../../src/lib/server/services/identity/index.ts';
import { createWorkspace } from '../../src/lib/server/services/workspaces/index.ts';

export interface IdentityApp extends App {
  /** How often each bell was rung and streams were looked at again. */
  rung: { log: string[]; feed: number; rechecked: number };
}

const notHere = () => Promise.reject(new AppError('UNAVAILABLE', 'There is no fold in this test.'));

/** The parts of the server that identity needs, over a real database; bells only count. */
export function createIdentityApp(
  database: Database,
  options: { env?: Record<string, string>; knowledge?: Partial<WorkspaceKnowledge> } = {},
): IdentityApp {
  const env = readEnv(options.env ?? {});
  const rung = { log: [] as string[], feed: 0, rechecked: 0 };
  const knowledge = options.knowledge;
  return {
    db: database,
    env,
    rung,
    doorbell: {
      ringLog: (workspaceId) => void rung.log.push(workspaceId),
      ringFeed: () => void rung.feed++,
      onLog: () => () => undefined,
      onFeed: () => () => undefined,
      ringSequenced: () => undefined,
      onSequenced: () => () => undefined,
    },
    folds: {
      of: knowledge === undefined ? notHere : () => Promise.resolve(knowledge as WorkspaceKnowledge),
      readApplied: () => Promise.resolve(0),
      waitFor: () => Promise.resolve(false),
      check: () => Promise.resolve(null),
      health: () => [],
    },
    feed: { recheck: () => void rung.rechecked++ } as App['feed'],
    limits: createLimits(env),
    flags: {
      streamingFor: () => true,
      onChange: () => () => undefined,
      refresh: () => Promise.resolve(),
    },
    draining: new AbortController().signal,
    instance: 'test',
    now: Date.now,
  };
}

export const visitor = (app: App, ip = '203.0.113.7'): Visitor => ({
  app,
  requestId: 'test',
  ip,
  userAgent: 'test',
});

type User = Extract<Actor, { type: 'user' }>;

let people = 0;

/** Somebody with an account; the password hash is not a hash of anything. */
export function addUser(app: App, name = 'Ana Ruiz'): Promise<User> {
  const email = `person-${++people}@example.org`;
  return app.db.sql.begin((tx) =>
    insertUser(tx, { ...visitor(app), actor: null }, { name, email, passwordHash: 'none' }),
  );
}

export const personOf = (app: App, actor: User, session: Person['session'] = null): Person => ({
  ...visitor(app),
  actor,
  session,
});

/** A workspace and its admin. */
export async function addWorkspace(
  app: App,
  name = 'Term deposit calls',
): Promise<{ admin: User; workspace: WorkspaceInfo }> {
  const admin = await addUser(app);
  const workspace = await createWorkspace(personOf(app, admin), { name, preset: 'content', timezone: 'UTC' });
  return { admin, workspace };
}

export async function addMember(app: App, workspace: WorkspaceInfo, role: WorkspaceRole): Promise<User> {
  const user = await addUser(app, `The ${role}`);
  await app.db.sql`
    insert into memberships (workspace_id, user_id, role) values (${workspace.id}, ${user.id}, ${role})`;
  return user;
}

export const contextOf = (
  app: App,
  workspace: WorkspaceInfo,
  actor: Actor,
  role: WorkspaceRole,
): Context => ({
  app,
  workspace,
  actor,
  permissions: permissionsOfRole(role),
  requestId: 'test',
  ip: null,
  now: app.now,
});

/** A request as far as authenticating and authorizing look at it. */
export function requestEvent(
  app: App,
  options: {
    method?: string;
    path?: string;
    headers?: Record<string, string>;
    cookies?: Record<string, string>;
    actor?: Actor | null;
  } = {},
): AuthorizeEvent & { cookies: Cookies } {
  const url = new URL(options.path ?? '/', 'http://localhost:3000');
  const jar = new Map(Object.entries(options.cookies ?? {}));
  return {
    url,
    request: new Request(url, { method: options.method ?? 'GET', headers: options.headers }),
    locals: { app, actor: options.actor ?? null, session: null, requestId: 'test', theme: 'system' },
    cookies: { get: (name: string) => jar.get(name) } as Cookies,
    getClientAddress: () => '203.0.113.7',
  };
}

/** The audit rows since the start of this database, newest last. */
export async function auditOf(
  app: App,
  workspaceId: string | null,
): Promise<{ action: string; actor: string; target: string | null }[]> {
  return app.db.sql`
    select action, actor_label as actor, target_id as target from audit_log
    where workspace_id is not distinct from ${workspaceId}::uuid order by id`;
}

/** What an expected refusal is: its code; a promise that does not refuse fails the test. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown.code;
    throw thrown;
  }
  throw new Error('It was not refused.');
}
