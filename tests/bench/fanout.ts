import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '#lib/server/db/client.ts';
import { startEmbeddedPostgres } from '#lib/server/db/embedded/index.ts';
import { migrate } from '#lib/server/db/migrate.ts';
import {
  appendEvents,
  createDoorbell,
  ensurePartitions,
  type DoorbellService,
} from '#lib/server/event-log/index.ts';
import { measureDrain } from './fanout/drain.ts';
import { FRAME_BYTES } from './fanout/ours.ts';
import {
  clock,
  eventBody,
  KINDS,
  pause,
  type Collected,
  type Kind,
  type Ready,
  type ToReaders,
  type ToServer,
} from './fanout/protocol.ts';
import { percentiles } from './percentiles.ts';

/**
 * One event to everybody, beside what others offer, on one machine in one run. The candidate has a process of its own
 * whose CPU is counted; readers are raw sockets in another. Latency runs from the moment an event was due, so a server
 * that falls behind shows it. Events are about 500 bytes. For `feed` this process commits them to PostgreSQL as another
 * instance would, and its latency is also given from the commit.
 * Run: npm run bench -- fanout [--quick] [--only candidate]; all of them and the drain when left out
 */
const only = KINDS.filter((kind) => process.argv.includes(kind));
const quick = process.argv.includes('--quick');
const SECONDS = quick ? 3 : 6;
const SETTLE_MS = 400;
const READERS = quick ? [1_000] : [1_000, 5_000];
const RATES = quick ? [50, 1_000] : [10, 50, 1_000];

const told = (child: ChildProcess, message: ToServer | ToReaders | null): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const ended = () => reject(new Error('A process of the bench ended.'));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      resolve(answer);
    });
    if (message !== null) child.send(message);
  });

/** sveltekit-sse shows itself only to those who ask with Svelte's condition. */
const launch = (file: string, ...args: string[]): ChildProcess =>
  fork(join(import.meta.dirname, 'fanout', file), args, {
    execArgv: ['--import', 'tsx', '--expose-gc', '--conditions=svelte'],
  });

async function rssOf(server: ChildProcess): Promise<number> {
  return ((await told(server, { do: 'memory' })) as { rssBytes: number }).rssBytes;
}
async function cpuOf(server: ChildProcess): Promise<number> {
  return ((await told(server, { do: 'cpu' })) as { cpuSeconds: number }).cpuSeconds;
}

interface Published {
  begun: number;
  published: number;
  /** When event n was committed; only for events that go through PostgreSQL. */
  committedAt: number[];
}

/** Commits what is due, several transactions at a time, as recorders do. */
async function commit(
  db: Database,
  doorbell: DoorbellService,
  workspaceId: string,
  rate: number,
  seconds: number,
): Promise<Published> {
  const begun = clock();
  const committedAt: number[] = [];
  const writes: Promise<void>[] = [];
  for (let written = 0; written < rate * seconds;) {
    const due = Math.min(rate * seconds, Math.floor(((clock() - begun) / 1_000) * rate) + 1);
    if (due > written) {
      const first = written;
      const events = Array.from({ length: due - first }, (_, i) => ({
        type: 'import.progressed' as const,
        key: `event/${first + i}`,
        rev: first + i,
        value: eventBody(first + i, FRAME_BYTES) as never,
      }));
      written = due;
      const write = db.sql
        .begin((tx) => appendEvents(tx, workspaceId, events))
        .then(() => {
          const at = clock();
          doorbell.ringFeed();
          for (let n = first; n < due; n += 1) committedAt[n] = at;
        });
      writes.push(write);
    }
    await pause(Math.max(1, Math.min(20, 1_000 / rate)));
  }
  await Promise.all(writes);
  return { begun, published: rate * seconds, committedAt };
}

const whole = (n: number) => Math.round(n).toLocaleString('en');
const ms = (n: number) => (n < 100 ? n.toFixed(1) : whole(n));

async function measure(
  kind: Kind,
  readers: number,
  store: { db: Database; doorbell: DoorbellService; url: string },
) {
  const server = launch('server.ts', kind, store.url);
  const clients = launch('readers.ts');
  try {
    const { port, token, workspaceId } = (await told(server, null)) as Ready;
    const publish = async (rate: number, seconds: number): Promise<Published> =>
      kind === 'feed'
        ? commit(store.db, store.doorbell, workspaceId, rate, seconds)
        : {
            committedAt: [],
            ...((await told(server, { do: 'publish', rate, seconds })) as {
              begun: number;
              published: number;
            }),
          };
    const empty = await rssOf(server);
    await told(clients, { do: 'open', kind, port, token, readers });
    const kilobytes = ((await rssOf(server)) - empty) / readers / 1_024;
    await publish(20, 1);
    for (const rate of RATES) {
      await pause(SETTLE_MS);
      await told(clients, { do: 'collect' });
      const cpu = await cpuOf(server);
      const { begun, committedAt } = await publish(rate, SECONDS);
      await pause(SETTLE_MS);
      const used = (await cpuOf(server)) - cpu;
      const seen = (await told(clients, { do: 'collect' })) as Collected;
      const deliveries = (seen.bytes * seen.sampledEvents) / seen.sampledBytes;
      const fromDue = percentiles(seen.arrivals.map(([n, at]) => at - begun - (n * 1_000) / rate));
      const fromCommit = percentiles(
        seen.arrivals.flatMap(([n, at]) => (committedAt[n] === undefined ? [] : [at - committedAt[n]])),
      );
      const share = Math.min(1, deliveries / (readers * rate * SECONDS));
      const committed = kind === 'feed' ? `${ms(fromCommit.p50)} / ${ms(fromCommit.p99)}` : '–';
      console.log(
        `| ${kind} | ${whole(readers)} × ${whole(rate)} | ${(share * 100).toFixed(0)} % | ${whole(deliveries / used)} | ` +
          `${ms(fromDue.p50)} / ${ms(fromDue.p99)} | ${committed} | ${kilobytes.toFixed(0)} |`,
      );
    }
  } finally {
    server.kill('SIGKILL');
    clients.kill('SIGKILL');
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'telltale-bench-'));
const postgres = await startEmbeddedPostgres({
  dataDir,
  log: { info: () => undefined, warn: console.warn, error: console.error },
});
const db = openDatabase(postgres.url, { max: 8 });
try {
  await migrate(postgres.url);
  await ensurePartitions(db);
  const doorbell = createDoorbell({ url: postgres.url });
  await doorbell.start();
  const store = { db, doorbell, url: postgres.url };
  console.log(
    '| | readers × events/s | delivered in time | deliveries per CPU-second | p50 / p99 from due, ms | p50 / p99 from commit, ms | KB a connection |',
  );
  console.log('|---|---|---|---|---|---|---|');
  for (const readers of READERS)
    for (const kind of only.length > 0 ? only : KINDS) await measure(kind, readers, store);
  await doorbell.stop();
} finally {
  await db.end();
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
if (only.length === 0) await measureDrain(quick ? 1_000 : 5_000);
