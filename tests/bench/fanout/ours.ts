import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { getRequest, setResponse } from '@sveltejs/kit/node';
import type { App } from '#lib/server/app.ts';
import {
  permissionsOfRole,
  permissionsOfScopes,
  type Context,
  type WorkspaceInfo,
} from '#lib/server/context.ts';
import { openDatabase, type Database } from '#lib/server/db/client.ts';
import { createDoorbell, createSequencer, type SequencedEvent } from '#lib/server/event-log/index.ts';
import { createFeedHub, type FeedHub } from '#lib/server/feed/index.ts';
import { eventBody } from './protocol.ts';
import type { Candidate } from './others.ts';

const STREAMS = { TELLTALE_STREAMS: 10_000, TELLTALE_STREAMS_PER_KEY: 10_000 };
const EPOCH = 'bench000';
/** What a frame holds besides the value. */
export const FRAME_BYTES = 230;

/** The feed of one server as it runs: sequencer, reader, ring and streams; events come through the database. */
export async function feed(url: string): Promise<Candidate> {
  const db = openDatabase(url, { max: 8 });
  const doorbell = createDoorbell({ url });
  await doorbell.start();
  const sequencer = createSequencer({ url, doorbell });
  sequencer.start();
  const streams = createFeedHub({ db, doorbell, env: STREAMS });
  await streams.start();
  const token = `tt_${randomUUID()}`;
  const id = await makeWorkspace(db);
  const [key] = await db.sql<{ id: string }[]>`
    insert into api_keys (workspace_id, name, prefix, hash, scopes)
    values (${id}, 'bench', 'tt_', ${createHash('sha256').update(token).digest('hex')}, '{read}') returning id`;
  const ctx = contextOf(id, key?.id ?? '');
  return {
    http: serve(streams, () => ctx),
    token,
    workspaceId: id,
    publish: () => undefined,
  };
}

async function makeWorkspace(db: Database): Promise<string> {
  const slug = `bench-${randomUUID().slice(0, 8)}`;
  const [row] = await db.sql<{ id: string }[]>`
    insert into workspaces (slug, name) values (${slug}, ${slug}) returning id`;
  return row?.id ?? '';
}

/** The hub over an outbox in memory: what the others do, and nothing more. */
export function hub(): Promise<Candidate> {
  const workspaceId = randomUUID();
  const ctx = contextOf(workspaceId, randomUUID());
  return hubFor(workspaceId, () => ctx);
}

/** The same with another person behind each connection, as with dashboards rather than scripts. */
export function hubOfPeople(): Promise<Candidate> {
  const workspaceId = randomUUID();
  return hubFor(workspaceId, () => {
    const id = randomUUID();
    return {
      ...contextOf(workspaceId, id),
      actor: { type: 'user', id, name: 'bench', email: `${id}@example.org` },
      permissions: permissionsOfRole('viewer'),
    };
  });
}

async function hubFor(workspaceId: string, next: () => Context): Promise<Candidate> {
  const log: SequencedEvent[] = [];
  const doorbell = createDoorbell({ url: 'postgres://nowhere' });
  const alone = createFeedHub({ db: databaseOf(log), doorbell, env: STREAMS });
  await alone.start();
  return {
    http: serve(alone, next),
    token: '',
    workspaceId,
    publish(n) {
      const value = eventBody(n, FRAME_BYTES);
      log.push({
        seq: (log.at(-1)?.seq ?? 0) + 1,
        workspaceId,
        topic: 'collections',
        type: 'import.progressed',
        op: 'upsert',
        key: `event/${n}`,
        rev: n,
        scope: 'workspace',
        payload: JSON.stringify(value),
        t: Date.now(),
      });
      if (log.length > 10_000) log.splice(0, 5_000);
      doorbell.ringSequenced(log.at(-1)?.seq ?? 0);
    },
  };
}

/** Answers the two statements of the feed's reader, and lets every key and person stay. */
function databaseOf(log: readonly SequencedEvent[]): Database {
  const sql = (parts: TemplateStringsArray, ...values: unknown[]): unknown => {
    const text = parts.join('?');
    if (text.includes('from feed_head'))
      return Promise.resolve([{ epoch: EPOCH, seq: log.at(-1)?.seq ?? 0 }]);
    if (text.includes('from api_keys'))
      return Promise.resolve((values[0] as string[]).map((id) => ({ id, scopes: ['read'] })));
    if (text.includes('from memberships')) {
      const [users, workspaces] = values as [string[], string[]];
      return Promise.resolve(
        users.map((userId, n) => ({ userId, workspaceId: workspaces[n], role: 'viewer' })),
      );
    }
    if (!text.includes('from feed_outbox where seq >')) return [];
    const [, after, limit] = values as [unknown, number, number];
    const start = Math.max(0, after + 1 - (log[0]?.seq ?? 0));
    return Promise.resolve(log.slice(start, start + limit).map((event) => ({ ...event, epoch: EPOCH })));
  };
  return { sql } as unknown as Database;
}

function contextOf(workspaceId: string, keyId: string): Context {
  const workspace: WorkspaceInfo = {
    id: workspaceId,
    slug: 'bench',
    name: 'bench',
    preset: 'content',
    timezone: 'UTC',
    simulated: false,
  };
  return {
    app: { limits: { openStream: () => Promise.resolve() } } as unknown as App,
    workspace,
    actor: { type: 'api-key', id: keyId, name: 'bench', workspace, scopes: ['read'] },
    permissions: permissionsOfScopes(['read']),
    requestId: 'bench',
    ip: null,
    now: Date.now,
  };
}

const serve = (streams: FeedHub, next: () => Context) =>
  createServer((request, response) => {
    void getRequest({ request, base: 'http://localhost' })
      .then((asked) => streams.open(next(), { url: new URL(asked.url), request: asked, sessionRowId: null }))
      .then((answer) => setResponse(response, answer));
  });
