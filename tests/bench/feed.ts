import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { appendEvents } from '#lib/server/event-log/index.ts';
import { startBenchFeed, told } from './feed-bench-server.ts';
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
  const { db, doorbell, port, token, workspaceId, stop } = await startBenchFeed();
  try {
    console.log(
      '| readers x events/s | from | p50 ms | p95 | p99 | max | deliveries/s | deliveries per CPU s |',
    );
    console.log('|---|---|---|---|---|---|---|---|');
    for (const run of RUNS) {
      const child = fork(import.meta.filename, { execArgv: ['--import', 'tsx'] });
      await told(child, () => child.send({ open: run.readers, port, token }));
      await publish(run.rate, 1);
      await told(child, () => child.send({ collect: true }));
      const cpu = process.cpuUsage();
      await publish(run.rate, SECONDS);
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
  } finally {
    await stop();
  }

  async function publish(rate: number, seconds: number): Promise<void> {
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
}
