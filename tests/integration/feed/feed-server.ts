import { createHash, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequest, setResponse } from '@sveltejs/kit/node';
import type { App } from '#lib/server/app.ts';
import { permissionsOfScopes, type ApiScope, type Context, type WorkspaceInfo } from '#lib/server/context.ts';
import {
  createDoorbell,
  createSequencer,
  ensurePartitions,
  type DoorbellService,
} from '#lib/server/event-log/index.ts';
import { createFeedHub, type FeedHub } from '#lib/server/feed/index.ts';
import type { FeedTimings } from '#lib/server/feed/timings.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

export interface Key {
  id: string;
  token: string;
  workspace: WorkspaceInfo;
  scopes: ApiScope[];
}

export interface FeedServer {
  db: TestDatabase;
  doorbell: DoorbellService;
  hub: FeedHub;
  url: string;
  http: Server;
  addWorkspace(slug: string): Promise<WorkspaceInfo>;
  addKey(workspace: WorkspaceInfo, scopes?: ApiScope[]): Promise<Key>;
  stop(): Promise<void>;
}

export interface FeedServerOptions {
  timings?: Partial<FeedTimings>;
  streams?: number;
  streamsPerKey?: number;
  openStream?: (key: string) => Promise<void>;
  db?: TestDatabase;
  sequence?: boolean;
  /** Hears no other instance, so that only polling finds what they did. */
  deaf?: boolean;
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
  const hub = createFeedHub({
    db: db.database,
    doorbell,
    env: {
      TELLTALE_STREAMS: options.streams ?? 5_000,
      TELLTALE_STREAMS_PER_KEY: options.streamsPerKey ?? 5_000,
    },
    ...(options.timings === undefined ? {} : { timings: options.timings }),
  });
  await hub.start();
  const keys = new Map<string, Key>();
  const app = { limits: { openStream: options.openStream ?? (async () => undefined) } } as unknown as App;

  async function respond(request: Request): Promise<Response> {
    const key = keys.get(request.headers.get('authorization')?.replace('Bearer ', '') ?? '');
    if (key === undefined) return new Response('{}', { status: 401 });
    const ctx: Context = {
      app,
      workspace: key.workspace,
      actor: { type: 'api-key', id: key.id, name: 'test', workspace: key.workspace, scopes: key.scopes },
      permissions: permissionsOfScopes(key.scopes),
      requestId: randomUUID(),
      ip: null,
      now: Date.now,
    };
    const url = new URL(request.url);
    const asked = { url, headers: request.headers, sessionRowId: null };
    if (request.method === 'HEAD') return hub.head(asked);
    return url.pathname.endsWith('/poll') ? hub.poll(ctx, asked) : hub.open(ctx, asked);
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
    async stop() {
      await hub.stop();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await sequencer.stop();
      await doorbell.stop();
      if (options.db === undefined) await db.drop();
    },
  };
}
