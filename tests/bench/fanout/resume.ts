import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Database } from '#lib/server/db/client.ts';
import { appendEvents, readHead, type DoorbellService } from '#lib/server/event-log/index.ts';
import { percentiles } from '../percentiles.ts';
import { feed, FRAME_BYTES } from './ours.ts';
import { eventBody, pause } from './protocol.ts';

const MISSED = 1_000;
const RESUMES = 200;

/** A client that missed 1,000 events, until it has the last; from the ring, and from the outbox after a restart. */
export async function measureResume(store: {
  db: Database;
  doorbell: DoorbellService;
  url: string;
}): Promise<void> {
  const first = await feed(store.url);
  const { epoch, seq } = await readHead(store.db.sql);
  const events = Array.from({ length: MISSED }, (_, n) => ({
    type: 'import.progressed' as const,
    key: `event/${n}`,
    rev: n,
    value: eventBody(n, FRAME_BYTES) as never,
  }));
  await store.db.sql.begin((tx) => appendEvents(tx, first.workspaceId, events));
  store.doorbell.ringFeed();
  while ((await readHead(store.db.sql)).seq < seq + MISSED) await pause(20);
  const again = await feed(store.url, first.workspaceId);
  console.log(
    `\nResume of ${MISSED} missed events, ${RESUMES} clients, 5 at a time, the server in this process:`,
  );
  for (const [what, candidate] of [
    ['from the ring', first],
    ['from the outbox', again],
  ] as const) {
    await new Promise<void>((resolve) => candidate.http.listen(0, '127.0.0.1', resolve));
    const { port } = candidate.http.address() as AddressInfo;
    const times: number[] = [];
    const one = async () => {
      while (times.length < RESUMES)
        times.push(await resume(port, `${epoch}-${seq}`, `${epoch}-${seq + MISSED}`));
    };
    await Promise.all(Array.from({ length: 5 }, one));
    const { p50, p99 } = percentiles(times);
    console.log(`- ${what}: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`);
    candidate.http.closeAllConnections();
    candidate.http.close();
    await candidate.stop();
  }
}

/** Milliseconds from connecting to the last missed event. */
function resume(port: number, since: string, last: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const mark = `id: ${last}\nevent: delta`;
    let tail = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      const text = tail + chunk.toString('latin1');
      tail = text.slice(-mark.length);
      if (!text.includes(mark)) return;
      socket.destroy();
      resolve(performance.now() - begun);
    });
    socket.write(`GET /api/v1/feed?since=${since} HTTP/1.1\r\nHost: x\r\n\r\n`);
  });
}
