import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { ADMIN, removeData, startServer, WORKSPACE } from '../support/running-server.ts';
import { seededRandom } from '../support/seeded-random.ts';
import type { Seen } from './feed-readers.ts';
import { percentiles, row } from './percentiles.ts';

/**
 * One outcome from the request to the page: `rate` outcomes a second over HTTP, `readers` feed connections, one
 * Chromium with the live page. All on one machine, so one clock. Run: npm run bench -- latency
 *
 * No outcome is neutral, so the tile's "a of b" has the position as b.
 *
 * T0 reply: the POST answered. T1 is the commit of the applied batch; seen from outside as the moment its event got
 * its place (T2 ≥ T1). T3: the event's bytes at a reader. T4: the page's tile shows it.
 */
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 30);
const RATE = Number(process.env['BENCH_RATE'] ?? 50);
const READERS = Number(process.env['BENCH_READERS'] ?? 50);
/** BENCH_BROWSER=0 leaves the browser out, which otherwise takes most of a core beside the server. */
const BROWSER = process.env['BENCH_BROWSER'] !== '0';

const clock = () => performance.timeOrigin + performance.now();
const server = await startServer();
const random = seededRandom(7);
const pick = (values: string[]) => values[Math.floor(random() * values.length)] ?? '';

const reply: number[] = [];
const sentAt = new Map<string, number>();
/** Starts the readers in their own process; `stop` ends them and says what they saw. */
async function openReaders(): Promise<{ stop(): Promise<Seen> }> {
  const file = join(import.meta.dirname, 'feed-readers.ts');
  const child = fork(file, [server.url, String(READERS)], { execArgv: ['--import', 'tsx'] });
  await once(child, 'message');
  return {
    async stop() {
      child.send('stop');
      const [seen] = (await once(child, 'message')) as [Seen];
      return seen;
    },
  };
}

const post = async (): Promise<void> => {
  const started = clock();
  const response = await server.api('/api/v1/outcomes', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      subject: `client ${Math.floor(random() * 1e6)}`,
      result: random() < 0.2 ? 'success' : 'failure',
      attributes: Object.fromEntries(
        Array.from({ length: 9 }, (_, i) => [`attribute ${i}`, pick(['a', 'b', 'c', 'd', 'e'])]),
      ),
    }),
  });
  reply.push(clock() - started);
  const { items } = (await response.json()) as { items: { id: string }[] };
  for (const { id } of items) sentAt.set(id, started);
};

async function openPage(): Promise<{ seen(): Promise<[number, number][]>; close(): Promise<void> }> {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${server.url}/login`);
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL(`**/w/**`);
  await page.goto(`${server.url}/w/${WORKSPACE}`);
  await page.waitForFunction(() => document.querySelector('[data-state=live]') !== null);
  // As text, not as a function: the bundler would add helpers that the page does not have.
  await page.evaluate(`
    window.seen = [];
    new MutationObserver(() => {
      const found = /of ([\\d,]+)/.exec(document.querySelector('[aria-label=Figures]')?.textContent ?? '');
      if (found) window.seen.push([Number(found[1].replaceAll(',', '')), performance.timeOrigin + performance.now()]);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  `);
  return {
    seen: async () => (await page.evaluate('window.seen')) as [number, number][],
    close: () => browser.close(),
  };
}

try {
  for (let i = 0; i < 200; i += 1) await post();
  reply.length = 0;
  sentAt.clear();
  const readers = await openReaders();
  const page = BROWSER ? await openPage() : null;

  const sends: Promise<void>[] = [];
  const began = clock();
  for (let i = 0; i < SECONDS * RATE; i += 1) {
    const due = began + (i * 1_000) / RATE;
    while (clock() < due) await new Promise((next) => setTimeout(next, Math.max(0, due - clock())));
    sends.push(post());
  }
  await Promise.all(sends);
  // The last batch is counted and heard of within this.
  await new Promise((next) => setTimeout(next, 2_000));
  const seen = (await page?.seen()) ?? [];
  await page?.close();
  const heard = await readers.stop();
  const positionOf = new Map(heard.positions);
  const sequencedAt = new Map(heard.sequenced);
  const t0t3 = heard.counted.flatMap(([id, at]) => {
    const sent = sentAt.get(id);
    return sent === undefined ? [] : [at - sent];
  });

  const positions = [...sequencedAt].sort((a, b) => a[0] - b[0]);
  const t0t2: number[] = [];
  const t0t4: number[] = [];
  for (const [id, position] of positionOf) {
    const sent = sentAt.get(id);
    if (sent === undefined) continue;
    const sequenced = positions.find(([asOf]) => asOf >= position)?.[1];
    if (sequenced !== undefined) t0t2.push(sequenced - sent);
    const shown = seen.find(([asOf]) => asOf >= position)?.[1];
    if (shown !== undefined) t0t4.push(shown - sent);
  }
  console.log(
    `${RATE} outcomes/s for ${SECONDS} s, ${READERS} feed readers, ${BROWSER ? '1 browser' : 'no browser'}; ${sentAt.size} sent, ${positionOf.size} counted, ${t0t4.length} seen on the page`,
  );
  console.log(
    '| from a request sent to | p50 ms | p95 ms | p99 ms | max ms | budget p99 |\n|---|---|---|---|---|---|',
  );
  console.log(row('T0 reply', percentiles(reply), 25));
  console.log(row('T0 to the batch sequenced (≥ T1)', percentiles(t0t2), 150));
  console.log(row('T2 to T3, every event at every reader', percentiles(heard.t2t3), 60));
  console.log(row('T0 to T3, counted at every reader', percentiles(t0t3), 300));
  if (BROWSER) console.log(row('T0 to T4, the page shows it', percentiles(t0t4), 300));
} finally {
  await server.end();
  removeData(server.dataDir);
}
