import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { chromium, type Browser, type BrowserContext, type CDPSession, type Page } from '@playwright/test';
import { ADMIN, removeData, startServer, WORKSPACE } from '../support/running-server.ts';
import { seededRandom } from '../support/seeded-random.ts';

/**
 * What live updates cost a page: the live page in Chromium with live on and with live off, while the same outcomes are
 * recorded. CPU is what the page's thread worked in tasks, by its own clock, per second of wall time, so 5 % is 50 ms of every
 * second; heap is what is
 * used after a collection. Run: npm run bench -- page-cost
 */
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 60);
const RATES = (process.env['BENCH_RATES'] ?? '3,34,100').split(',').map(Number);

interface Cost {
  cpu: number;
  heapMb: number;
  longTasks: number[];
  /** Outcomes recorded and deltas of the feed meanwhile. */
  recorded: number;
  deltas: number;
}

const server = await startServer();
const random = seededRandom(11);
const pick = (values: string[]) => values[Math.floor(random() * values.length)] ?? '';

async function record(): Promise<void> {
  await server.api('/api/v1/outcomes', {
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
}

/** Records `rate` outcomes a second until `isOver`; what is late is not made up for. */
async function recordAt(rate: number, isOver: () => boolean): Promise<number> {
  let sent = 0;
  let underWay = 0;
  while (!isOver()) {
    if (underWay < 20) {
      sent += 1;
      underWay += 1;
      void record().finally(() => (underWay -= 1));
    }
    await new Promise((next) => setTimeout(next, 1_000 / rate));
  }
  return sent;
}

let deltas = 0;

/** Counts the feed's deltas, from now on. */
async function countDeltas(): Promise<void> {
  const { body } = await server.api('/api/v1/feed', {});
  if (body === null) throw new Error('The feed has no body.');
  const lines = createInterface({ input: Readable.fromWeb(body as NodeStream) });
  for await (const line of lines) if (line === 'event: delta') deltas += 1;
}

async function logIn(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${server.url}/login`);
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL('**/w/**');
  await page.close();
  return context;
}

async function openPage(context: BrowserContext, live: boolean): Promise<Page> {
  await context.addCookies([{ name: 'live', value: live ? 'on' : 'off', url: server.url }]);
  const page = await context.newPage();
  await page.goto(`${server.url}/w/${WORKSPACE}`);
  await page.waitForSelector(`[data-testid=live-badge][data-state=${live ? 'live' : 'off'}]`);
  await page.evaluate(`
    window.longTasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longTasks.push(duration);
    }).observe({ type: 'longtask' });
  `);
  return page;
}

async function metric(cdp: CDPSession, name: string): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.find((one) => one.name === name)?.value ?? 0;
}

async function measure(context: BrowserContext, live: boolean, rate: number): Promise<Cost> {
  const page = await openPage(context, live);
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const end = performance.now() + SECONDS * 1_000;
  const tasks = await metric(cdp, 'TaskDuration');
  const before = deltas;
  const recorded = await recordAt(rate, () => performance.now() > end);
  const cpu = ((await metric(cdp, 'TaskDuration')) - tasks) / SECONDS;
  const longTasks = (await page.evaluate('window.longTasks')) as number[];
  await cdp.send('HeapProfiler.collectGarbage');
  const heapMb = (await metric(cdp, 'JSHeapUsedSize')) / 1_048_576;
  await page.close();
  return { cpu, heapMb, longTasks, recorded, deltas: deltas - before };
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const mb = (heap: number) => `${heap.toFixed(1)} MB`;
const longest = (tasks: readonly number[]) =>
  tasks.length === 0 ? 'none' : `${tasks.length}, longest ${Math.round(Math.max(...tasks))} ms`;

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
});
try {
  for (let i = 0; i < 300; i += 1) await record();
  const context = await logIn(browser);
  console.log(`${SECONDS} s each; live page at 1280 × 900, software drawing, server on the same machine\n`);
  void countDeltas();
  console.log('| outcomes/s (asked; done) | events/s | live | CPU of the page | heap | tasks over 50 ms |');
  console.log('|---|---|---|---|---|---|');
  for (const rate of RATES) {
    const off = await measure(context, false, rate);
    const on = await measure(context, true, rate);
    for (const [name, cost] of [
      ['off', off],
      ['on', on],
    ] as const) {
      const done = (cost.recorded / SECONDS).toFixed(1);
      const events = (cost.deltas / SECONDS).toFixed(1);
      console.log(
        `| ${rate}; ${done} | ${events} | ${name} | ${percent(cost.cpu)} | ${mb(cost.heapMb)} | ${longest(cost.longTasks)} |`,
      );
    }
    console.log(`| | | **added** | ${percent(on.cpu - off.cpu)} | ${mb(on.heapMb - off.heapMb)} | |`);
  }
} finally {
  await browser.close();
  await server.end();
  removeData(server.dataDir);
}
