import { fork, type ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequest, setResponse } from '@sveltejs/kit/node';
import type { App } from '#lib/server/app.ts';
import { permissionsOfScopes, type Context, type WorkspaceInfo } from '#lib/server/context.ts';
import { openDatabase } from '#lib/server/db/client.ts';
import { startEmbeddedPostgres } from '#lib/server/db/embedded/index.ts';
import { migrate } from '#lib/server/db/migrate.ts';
import {
  appendEvents,
  createDoorbell,
  createSequencer,
  ensurePartitions,
} from '#lib/server/event-log/index.ts';
import { createFeedHub } from '#lib/server/feed/index.ts';
import { percentiles, row } from './percentiles.ts';

/**
 * The feed alone: outbox, sequencer, ring and streams in one process with the adapter's own response function;
 * readers are raw sockets in another process, on the same machine, so one clock. Events are about 500 bytes and go
 * through `appendEvents` in a transaction of their own. Latency runs from the moment an event was due to be written,
 * so a server that falls behind shows it. CPU is that of the server process, which also writes the events.
 * Run: npm run bench -- feed
 */
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 8);
const RUNS = [
  { readers: 50, rate: 50 },
  { readers: 1_000, rate: 10 },
  { readers: 1_000, rate: 50 },
  { readers: 1_000, rate: 1_000 },
];

const clock = () => performance.timeOrigin + performance.now();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface ReaderReport {
  deliveries: number;
  fromDue: number[];
  fromSequenced: number[];
}

if (process.send === undefined) await serve();
else readStreams();

/** The other process: opens streams, counts deltas, and looks closely at some of them. */
function readStreams(): void {
  let report: ReaderReport = { deliveries: 0, fromDue: [], fromSequenced: [] };
  const mark = Buffer.from('event: delta');
  process.on('message', (message: { open: number; port: number; token: string } | { collect: true }) => {
    if ('collect' in message) {
      process.send?.(report);
      report = { deliveries: 0, fromDue: [], fromSequenced: [] };
      return;
    }
    let opened = 0;
    for (let n = 0; n < message.open; n += 1) {
      // Every stream is counted; reading the times out of each would measure this process instead.
      const close = n % Math.ceil(message.open / 50) === 0;
      let greeted = false;
      const socket = connect(message.port, '127.0.0.1');
      socket.write(`GET /feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${message.token}\r\n\r\n`);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        const now = clock();
        if (!greeted) {
          greeted = true;
          opened += 1;
          if (opened === message.open) process.send?.('opened');
        }
        for (let at = chunk.indexOf(mark); at >= 0; at = chunk.indexOf(mark, at + mark.length))
          report.deliveries += 1;
        if (!close) return;
        for (const [, t, due] of chunk.toString('latin1').matchAll(/"t":(\d+).*?"due": ?([\d.]+)\}/g)) {
          report.fromSequenced.push(now - Number(t));
          report.fromDue.push(now - Number(due));
        }
      });
    }
  });
}

async function serve(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'telltale-bench-'));
  const postgres = await startEmbeddedPostgres({
    dataDir,
    log: { info: () => undefined, warn: console.warn, error: console.error },
  });
  const db = openDatabase(postgres.url, { max: 16 });
  try {
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
    const workspace = await makeWorkspace(db.sql, token);
    const app = { limits: { openStream: () => Promise.resolve() } } as unknown as App;
    const ctx: Context = {
      app,
      workspace: workspace.info,
      actor: {
        type: 'api-key',
        id: workspace.keyId,
        name: 'bench',
        workspace: workspace.info,
        scopes: ['read'],
      },
      permissions: permissionsOfScopes(['read']),
      requestId: 'bench',
      ip: null,
      now: Date.now,
    };
    const server = createServer((request, response) => {
      void getRequest({ request, base: 'http://localhost' })
        .then((asked) =>
          hub.open(ctx, { url: new URL(asked.url), headers: asked.headers, sessionRowId: null }),
        )
        .then((answer) => setResponse(response, answer));
    });
    await new Promise<void>((resolve) =>
      server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }, resolve),
    );
    const { port } = server.address() as AddressInfo;

    console.log(
      '| readers x events/s | from | p50 ms | p95 | p99 | max | deliveries/s | deliveries per CPU s |',
    );
    console.log('|---|---|---|---|---|---|---|---|');
    for (const run of RUNS) {
      const child = fork(import.meta.filename, { execArgv: ['--import', 'tsx'] });
      await told(child, () => child.send({ open: run.readers, port, token }));
      await publish(run.rate, 1, ctx.workspace.id);
      await told(child, () => child.send({ collect: true }));
      const cpu = process.cpuUsage();
      await publish(run.rate, SECONDS, ctx.workspace.id);
      const { user, system } = process.cpuUsage(cpu);
      const report = (await told(child, () => child.send({ collect: true }))) as ReaderReport;
      const rates = `${Math.round(report.deliveries / SECONDS)} | ${Math.round(report.deliveries / ((user + system) / 1e6))}`;
      for (const [from, values, end] of [
        ['written', report.fromDue, rates],
        ['sequenced', report.fromSequenced, '|'],
      ] as const) {
        console.log(
          `| ${run.readers} x ${run.rate} ${row(from, percentiles(values), null).replace(/ – \|$/, '')} ${end} |`,
        );
      }
      const expected = run.readers * run.rate * SECONDS;
      if (report.deliveries < expected)
        console.log(`(${expected - report.deliveries} of ${expected} still under way)`);
      child.kill();
      await pause(300);
    }
    server.closeAllConnections();
    await hub.stop();
    await sequencer.stop();
    await doorbell.stop();
    server.close();

    async function publish(rate: number, seconds: number, workspaceId: string): Promise<void> {
      const begun = clock();
      const writes: Promise<void>[] = [];
      const filler = 'x'.repeat(300);
      for (let written = 0; written < rate * seconds;) {
        const due = Math.min(rate * seconds, Math.floor(((clock() - begun) / 1_000) * rate) + 1);
        if (due > written) {
          const events = Array.from({ length: due - written }, (_, n) => ({
            type: 'import.progressed' as const,
            key: `event/${written + n}`,
            rev: 1,
            value: { id: filler, due: begun + ((written + n) * 1_000) / rate } as never,
          }));
          written = due;
          writes.push(
            db.sql.begin((tx) => appendEvents(tx, workspaceId, events)).then(() => doorbell.ringFeed()),
          );
        }
        await pause(Math.max(1, Math.min(20, 1_000 / rate)));
      }
      await Promise.all(writes);
      await pause(250);
    }
  } finally {
    await db.end();
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
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

function told(child: ChildProcess, ask: () => void): Promise<unknown> {
  return new Promise((resolve) => {
    child.once('message', resolve);
    ask();
  });
}
