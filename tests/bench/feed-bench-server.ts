import type { ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequest, setResponse } from '@sveltejs/kit/node';
import type { App } from '#lib/server/app.ts';
import { permissionsOfScopes, type Context, type WorkspaceInfo } from '#lib/server/context.ts';
import { openDatabase, type Database } from '#lib/server/db/client.ts';
import { startEmbeddedPostgres } from '#lib/server/db/embedded/index.ts';
import { migrate } from '#lib/server/db/migrate.ts';
import {
  createDoorbell,
  createSequencer,
  ensurePartitions,
  type DoorbellService,
} from '#lib/server/event-log/index.ts';
import { createFeedHub, type FeedHub } from '#lib/server/feed/index.ts';

export interface BenchFeed {
  db: Database;
  doorbell: DoorbellService;
  hub: FeedHub;
  port: number;
  token: string;
  workspaceId: string;
  stop(): Promise<void>;
}

/** The feed alone over a database of its own: outbox, sequencer, ring and streams, with the adapter's own response function. */
export async function startBenchFeed(): Promise<BenchFeed> {
  const dataDir = mkdtempSync(join(tmpdir(), 'telltale-bench-'));
  const postgres = await startEmbeddedPostgres({
    dataDir,
    log: { info: () => undefined, warn: console.warn, error: console.error },
  });
  const db = openDatabase(postgres.url, { max: 16 });
  await migrate(postgres.url);
  await ensurePartitions(db);
  const doorbell = createDoorbell({ url: postgres.url });
  await doorbell.start();
  const sequencer = createSequencer({ url: postgres.url, doorbell });
  sequencer.start();
  const hub = createFeedHub({
    db,
    doorbell,
    env: { TELLTALE_STREAMS: 5_000, TELLTALE_STREAMS_PER_KEY: 5_000 },
  });
  await hub.start();
  const token = `tt_${randomUUID()}`;
  const { info, keyId } = await makeWorkspace(db.sql, token);
  const ctx: Context = {
    app: { limits: { openStream: () => Promise.resolve() } } as unknown as App,
    workspace: info,
    actor: { type: 'api-key', id: keyId, name: 'bench', workspace: info, scopes: ['read'] },
    permissions: permissionsOfScopes(['read']),
    requestId: 'bench',
    ip: null,
    now: Date.now,
  };
  const server = createServer((request, response) => {
    void getRequest({ request, base: 'http://localhost' })
      .then((asked) => hub.open(ctx, { url: new URL(asked.url), request: asked, sessionRowId: null }))
      .then((answer) => setResponse(response, answer));
  });
  await new Promise<void>((resolve) =>
    server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }, resolve),
  );
  return {
    db,
    doorbell,
    hub,
    port: (server.address() as AddressInfo).port,
    token,
    workspaceId: info.id,
    async stop() {
      server.closeAllConnections();
      await hub.stop();
      await sequencer.stop();
      await doorbell.stop();
      server.close();
      await db.end();
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function makeWorkspace(
  sql: ReturnType<typeof openDatabase>['sql'],
  token: string,
): Promise<{ info: WorkspaceInfo; keyId: string }> {
  const [made] = await sql<
    { id: string }[]
  >`insert into workspaces (slug, name) values ('bench', 'bench') returning id`;
  const id = made?.id ?? '';
  const hash = createHash('sha256').update(token).digest('hex');
  const [key] = await sql<{ id: string }[]>`
    insert into api_keys (workspace_id, name, prefix, hash, scopes)
    values (${id}, 'bench', 'tt_', ${hash}, '{read}') returning id`;
  return {
    info: { id, slug: 'bench', name: 'bench', preset: 'content', timezone: 'UTC', simulated: false },
    keyId: key?.id ?? '',
  };
}

/** Asks the process of the readers and waits for its answer. */
export function told(child: ChildProcess, ask: () => void): Promise<unknown> {
  return new Promise((resolve) => {
    child.once('message', resolve);
    ask();
  });
}
