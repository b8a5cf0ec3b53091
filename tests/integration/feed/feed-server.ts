import { createHash, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequest, setResponse } from '@sveltejs/kit/node';
import type { App, SnapshotSource, StreamingSwitch } from '#lib/server/app.ts';
import {
  permissionsOfRole,
  permissionsOfScopes,
  type ApiScope,
  type Context,
  type WorkspaceInfo,
  type WorkspaceRole,
} from '#lib/server/context.ts';
import {
  createDoorbell,
  createSequencer,
  ensurePartitions,
  type DoorbellService,
} from '#lib/server/event-log/index.ts';
import { problemResponse } from '#lib/server/error-mapping.ts';
import { AppError } from '#lib/server/errors.ts';
import { createFeedHub, streamProblem, type FeedHub } from '#lib/server/feed/index.ts';
import type { FeedTimings } from '#lib/server/feed/timings.ts';
import { createPresenceTracker, type PresenceTimings } from '#lib/server/services/presence/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

export interface Key {
  id: string;
  token: string;
  workspace: WorkspaceInfo;
  scopes: ApiScope[];
}

/** A person with a session; the server looks their role up with each request, as the product does. */
export interface Member {
  id: string;
  token: string;
  workspace: WorkspaceInfo;
  sessionRowId: string;
}

export interface FeedServer {
  db: TestDatabase;
  doorbell: DoorbellService;
  hub: FeedHub;
  url: string;
  http: Server;
  addWorkspace(slug: string): Promise<WorkspaceInfo>;
  addKey(workspace: WorkspaceInfo, scopes?: ApiScope[]): Promise<Key>;
  addMember(workspace: WorkspaceInfo, role: WorkspaceRole): Promise<Member>;
  /** Lets a member of another server with the same database in. */
  know(member: Member): Member;
  stop(): Promise<void>;
}

export interface FeedServerOptions {
  timings?: Partial<FeedTimings>;
  random?: () => number;
  streams?: number;
  streamsPerKey?: number;
  openStream?: (key: string) => Promise<void>;
  db?: TestDatabase;
  sequence?: boolean;
  /** Hears no other instance, so that only polling finds what they did. */
  deaf?: boolean;
  snapshots?: SnapshotSource;
  streaming?: StreamingSwitch;
  /** Keeps who is here, in these times. */
  presence?: Partial<PresenceTimings>;
}

const digest = (token: string) => createHash('sha256').update(token).digest('hex');

/** The feed over a real HTTP server and a real database, its streams written by the adapter's own function. */
export async function startFeedServer(options: FeedServerOptions = {}): Promise<FeedServer> {
  const db = options.db ?? (await createTestDatabase({ max: 10 }));
  await ensurePartitions(db.database);
  const doorbell = createDoorbell({ url: db.url });
  if (options.deaf !== true) await doorbell.start();
  const sequencer = createSequencer({ url: db.url, doorbell });
  if (options.sequence !== false) sequencer.start();
  const readings = createPresenceTracker(
    { db: db.database, doorbell, instance: randomUUID() },
    options.presence,
  );
  if (options.presence !== undefined) readings.start();
  const hub = createFeedHub({
    db: db.database,
    doorbell,
    env: {
      TELLTALE_STREAMS: options.streams ?? 5_000,
      TELLTALE_STREAMS_PER_KEY: options.streamsPerKey ?? 5_000,
    },
    ...(options.random === undefined ? {} : { random: options.random }),
    ...(options.timings === undefined ? {} : { timings: options.timings }),
    ...(options.snapshots === undefined ? {} : { snapshots: options.snapshots }),
    ...(options.streaming === undefined ? {} : { streaming: options.streaming }),
    ...(options.presence === undefined ? {} : { readings }),
  });
  await hub.start();
  const keys = new Map<string, Key>();
  const members = new Map<string, Member>();
  const app = { limits: { openStream: options.openStream ?? (async () => undefined) } } as unknown as App;

  async function respond(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const isPoll = url.pathname.endsWith('/poll');
    const requestId = randomUUID();
    try {
      return await answer(request, url, isPoll, requestId);
    } catch (thrown) {
      const isStream = request.method === 'GET' && !isPoll;
      return isStream
        ? streamProblem(thrown, { app: { feed: hub }, requestId })
        : problemResponse(thrown, requestId);
    }
  }

  async function answer(request: Request, url: URL, isPoll: boolean, requestId: string): Promise<Response> {
    const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? '';
    const member = members.get(token);
    const who = member === undefined ? ofKey(keys.get(token)) : await ofMember(member);
    if (who === null) throw new AppError('UNAUTHENTICATED', 'Not known.');
    const ctx: Context = { app, ...who, requestId, ip: null, now: Date.now };
    const asked = { url, request, sessionRowId: member?.sessionRowId ?? null };
    if (request.method === 'HEAD') return isPoll ? hub.pollHead(asked) : hub.head(asked);
    return isPoll ? hub.poll(ctx, asked) : hub.open(ctx, asked);
  }

  function ofKey(key: Key | undefined): Pick<Context, 'workspace' | 'actor' | 'permissions'> | null {
    if (key === undefined) return null;
    const { id, workspace, scopes } = key;
    const actor = { type: 'api-key', id, name: 'test', workspace, scopes } as const;
    return { workspace, actor, permissions: permissionsOfScopes(scopes) };
  }

  async function ofMember({ id, workspace }: Member) {
    const [row] = await db.sql<{ role: WorkspaceRole }[]>`
      select role from memberships where user_id = ${id} and workspace_id = ${workspace.id}`;
    if (row === undefined) return null;
    const actor = { type: 'user', id, name: 'test', email: 'test@example.org' } as const;
    return { workspace, actor, permissions: permissionsOfRole(row.role) };
  }

  const http = createServer((req, res) => {
    void getRequest({ request: req, base: 'http://localhost' })
      .then(respond)
      .then((response) => setResponse(res, response))
      .catch((thrown: unknown) => res.writeHead(500).end(String(thrown)));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;

  return {
    db,
    doorbell,
    hub,
    http,
    url: `http://127.0.0.1:${port}/api/v1/feed`,
    async addWorkspace(slug) {
      const [row] = await db.sql<
        { id: string }[]
      >`insert into workspaces (slug, name) values (${slug}, ${slug}) returning id`;
      if (row === undefined) throw new Error('no workspace');
      return { id: row.id, slug, name: slug, preset: 'content', timezone: 'UTC', simulated: false };
    },
    async addKey(workspace, scopes = ['read']) {
      const token = `tt_${randomUUID()}`;
      const [row] = await db.sql<{ id: string }[]>`
        insert into api_keys (workspace_id, name, prefix, hash, scopes)
        values (${workspace.id}, 'test', ${token.slice(0, 8)}, ${digest(token)}, ${scopes}) returning id`;
      if (row === undefined) throw new Error('no key');
      const key = { id: row.id, token, workspace, scopes };
      keys.set(token, key);
      return key;
    },
    async addMember(workspace, role) {
      const [user] = await db.sql<{ id: string }[]>`
        insert into users (email, name, password_hash) values (${randomUUID()}, 'test', 'x') returning id`;
      if (user === undefined) throw new Error('no user');
      await db.sql`
        insert into memberships (workspace_id, user_id, role) values (${workspace.id}, ${user.id}, ${role})`;
      const [session] = await db.sql<{ rowId: string }[]>`
        insert into sessions (id, user_id, expires_at) values (${randomUUID()}, ${user.id}, now() + interval '1 day')
        returning row_id as "rowId"`;
      const member = { id: user.id, token: randomUUID(), workspace, sessionRowId: session?.rowId ?? '' };
      members.set(member.token, member);
      return member;
    },
    know(member) {
      members.set(member.token, member);
      return member;
    },
    async stop() {
      await hub.stop();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await readings.stop();
      await sequencer.stop();
      await doorbell.stop();
      if (options.db === undefined) await db.drop();
    },
  };
}
