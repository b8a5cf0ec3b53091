import { fork } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { appendEvents } from '#lib/server/event-log/index.ts';
import { startBenchFeed, told } from './feed-bench-server.ts';
import { percentiles, row } from './percentiles.ts';

/**
 * What the feed can hold: memory of an idle connection, the time of a resume, and a drain with every place taken. The
 * readers are raw sockets in another process on the same machine. Memory is the growth of the server process's RSS
 * after a collection; a resume runs from the request to the last of the events that were missed, twenty clients at once.
 * Run: npm run bench -- feed-limits
 */
const MISSED = 1_000;
const RESUMES = 400;
const RESUMES_AT_ONCE = 20;
const STREAMS = 5_000;

type Task =
  { do: 'open'; count: number } | { do: 'resume'; since: string } | { do: 'watch' } | { do: 'close' };
type Order = Task & { port: number; token: string };

if (process.send === undefined) await serve();
else readStreams();

function readStreams(): void {
  const open = new Set<Socket>();
  /** Of streams that were told to go away: the cursor to continue from, and when. */
  const away: { retry: number; at: number }[] = [];
  let cut = 0;

  process.on('message', (order: Order) => void obey(order).then((answer) => process.send?.(answer)));

  async function obey(order: Order): Promise<unknown> {
    if (order.do === 'open') {
      for (let done = 0; done < order.count; done += 200)
        await Promise.all(Array.from({ length: Math.min(200, order.count - done) }, () => keepOpen(order)));
      return open.size;
    }
    if (order.do === 'resume') {
      const times: number[] = [];
      while (times.length < RESUMES)
        times.push(
          ...(await Promise.all(Array.from({ length: RESUMES_AT_ONCE }, () => resume(order, order.since)))),
        );
      return times;
    }
    if (order.do === 'watch') {
      const begun = performance.now();
      while (open.size > 0 && performance.now() - begun < 30_000) await pause(20);
      return { away: away.map(({ retry }) => retry), cut, last: Math.max(...away.map(({ at }) => at)) };
    }
    for (const socket of open) socket.destroy();
    return null;
  }

  function keepOpen(order: Order): Promise<void> {
    return new Promise((resolve) => {
      const socket = ask(order, '');
      let greeted = false;
      let said = false;
      open.add(socket);
      socket.on('data', (chunk: Buffer) => {
        if (!greeted) {
          greeted = true;
          resolve();
        }
        if (!chunk.includes('event: goaway')) return;
        said = true;
        away.push({ retry: Number(/retry: (\d+)/.exec(chunk.toString())?.[1]), at: Date.now() });
      });
      socket.on('close', () => {
        open.delete(socket);
        if (!said) cut += 1;
      });
    });
  }

  function resume(order: Order, since: string): Promise<number> {
    return new Promise((resolve) => {
      const begun = performance.now();
      const socket = ask(order, `?since=${since}`);
      let seen = 0;
      let rest = Buffer.alloc(0);
      const mark = Buffer.from('event: delta');
      socket.on('data', (chunk: Buffer) => {
        const bytes = Buffer.concat([rest, chunk]);
        for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) seen += 1;
        // Too short to hold a mark that was counted already.
        rest = bytes.subarray(Math.max(0, bytes.length - mark.length + 1));
        if (seen < MISSED) return;
        resolve(performance.now() - begun);
        socket.destroy();
      });
    });
  }

  function ask({ port, token }: Order, query: string): Socket {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`GET /feed${query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    return socket;
  }
}

async function serve(): Promise<void> {
  const feed = await startBenchFeed();
  const { hub, port, token } = feed;
  const child = fork(import.meta.filename, { execArgv: ['--import', 'tsx'] });
  const order = (task: Task) => told(child, () => child.send({ ...task, port, token }));
  try {
    await publish(2_000);
    const collect = (setFlagsFromString('--expose_gc'), runInNewContext('gc') as () => void);
    const rss = async () => {
      for (let round = 0; round < 3; round += 1) {
        collect();
        await pause(300);
      }
      return process.memoryUsage().rss / 1024;
    };

    console.log('| resume of 1,000 missed events | p50 ms | p95 | p99 | max | target |');
    console.log('|---|---|---|---|---|---|');
    const from = hub.stats().head;
    await publish(MISSED);
    // The first round warms the process up.
    await order({ do: 'resume', since: from });
    const fromMemory = (await order({ do: 'resume', since: from })) as number[];
    console.log(row('from memory', percentiles(fromMemory), 300));
    await publish(22_000);
    const head = hub.stats().head;
    const [epoch, seq] = head.split('-');
    await publish(
      20_500 - MISSED,
      feed.workspaceId.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    );
    const since = `${epoch}-${Number(seq) - MISSED}`;
    const fromOutbox = (await order({ do: 'resume', since })) as number[];
    console.log(row('from the outbox', percentiles(fromOutbox), 300));

    const before = await rss();
    for (const count of [1_000, STREAMS]) {
      await order({ do: 'open', count: count - hub.stats().streams });
      await publish(1_000);
      const each = ((await rss()) - before) / count;
      console.log(`\nmemory: ${each.toFixed(1)} KB a connection with ${count} open`);
    }

    const watching = order({ do: 'watch' });
    const begun = performance.now();
    const startedAt = Date.now();
    await hub.drain();
    const drained = performance.now() - begun;
    const { away, cut, last } = (await watching) as { away: number[]; cut: number; last: number };
    const spread = percentiles(away);
    console.log(
      `\ndrain of ${STREAMS} streams: ${Math.round(drained)} ms here, the last client told after ${last - startedAt} ms; ` +
        `${away.length} got goaway, ${cut} were cut without; retry ${Math.min(...away)} to ${spread.max} ms, median ${spread.p50}`,
    );
  } finally {
    child.kill();
    await feed.stop();
  }

  async function publish(n: number, workspaceId = feed.workspaceId): Promise<void> {
    const filler = 'x'.repeat(300);
    const until = Number(hub.stats().head.split('-')[1]) + n;
    for (let done = 0; done < n; done += 1_000) {
      const events = Array.from({ length: Math.min(1_000, n - done) }, (_, place) => ({
        type: 'import.progressed' as const,
        key: `event/${done + place}`,
        rev: 1,
        value: { id: filler } as never,
      }));
      await appendEvents(feed.db.sql, workspaceId, events);
      feed.doorbell.ringFeed();
    }
    while (Number(hub.stats().head.split('-')[1]) < until) await pause(20);
    await pause(200);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
