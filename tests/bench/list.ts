/*
 * The list of 4,000 patterns in Chromium, scrolled without a pause, without and with live outcomes: npm run bench -- list
 * BENCH_SECONDS (20) sets how long each part takes. Chromium draws in software on the cores that the server works on, so
 * frames say what this machine can draw; what the page itself costs is the time of its thread, by the thread's own clock.
 */
import { chromium, type CDPSession, type Page } from '@playwright/test';
import { loadavg } from 'node:os';
import { ADMIN, removeData, startServer, until, WORKSPACE } from '../support/running-server.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { percentiles } from './percentiles.ts';

const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 20);
/** BENCH_PROFILE=1: which functions of the page took longest. */
const PROFILE = process.env['BENCH_PROFILE'] === '1';
const RATE = 50;
const ROWS = 4_000;
const SEED_OUTCOMES = 15_000;
const AT_ONCE = 5_000;
/** A frame of 60 a second with a little room. */
const FRAME_MS = 17.5;

interface Seen {
  frames: number[];
  longTasks: number[];
}

interface Profile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number };
  }[];
  samples?: number[];
  timeDeltas?: number[];
}

/** The functions that had the thread longest, themselves. */
function tellHot({ nodes, samples = [], timeDeltas = [] }: Profile): void {
  const frameOf = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const own = new Map<string, number>();
  samples.forEach((id, i) => {
    const frame = frameOf.get(id);
    if (frame === undefined) return;
    const { functionName, url, lineNumber, columnNumber } = frame;
    const name = `${functionName} ${url.split('/').at(-1) ?? ''}:${lineNumber + 1}:${columnNumber}`;
    own.set(name, (own.get(name) ?? 0) + (timeDeltas[i] ?? 0) / 1_000);
  });
  const hot = [...own].sort((a, b) => b[1] - a[1]).slice(0, 25);
  for (const [name, ms] of hot) console.log(`    ${ms.toFixed(0)} ms ${name}`);
}

const random = seededRandom(4_000);
const server = await startServer();

const outcome = () => ({
  subject: `client ${Math.floor(random() * 1e6)}`,
  result: random() < 0.2 ? 'success' : 'failure',
  attributes: Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [
      `attribute ${i}`,
      `v${Math.floor(random() ** 1.5 * (3 + (i % 6)))}`,
    ]),
  ),
});

async function post(outcomes: unknown[]): Promise<void> {
  const response = await server.api('/api/v1/outcomes', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ outcomes }),
  });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
}

/** Scrolls on with every frame, there and back, and remembers when frames came. As text: see latency.ts. */
const SCROLL = `
  window.seen = { frames: [], longTasks: [] };
  window.scrolling = true;
  window.observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.seen.longTasks.push(duration);
  });
  window.observer.observe({ type: 'longtask' });
  let last = performance.now();
  let step = 60;
  const frame = (at) => {
    if (!window.scrolling) return;
    window.seen.frames.push(at - last);
    last = at;
    const before = window.scrollY;
    window.scrollBy(0, step);
    if (window.scrollY === before) step = -step;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame((at) => { last = at; requestAnimationFrame(frame); });
`;

async function measured(
  page: Page,
  cdp: CDPSession,
  what: string,
  beside: () => Promise<void>,
): Promise<void> {
  const read = async () =>
    new Map((await cdp.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  await page.evaluate('window.scrollTo(0, 0)');
  const before = await read();
  if (PROFILE) await cdp.send('Profiler.start');
  await page.evaluate(SCROLL);
  await beside();
  if (PROFILE) tellHot((await cdp.send('Profiler.stop')).profile as Profile);
  const seen = (await page.evaluate(
    'window.scrolling = false, window.observer.disconnect(), window.seen',
  )) as Seen;
  const after = await read();
  const spent = (name: string) =>
    (((after.get(name) ?? 0) - (before.get(name) ?? 0)) * 1_000) / seen.frames.length;
  const frames = percentiles(seen.frames);
  const late = seen.frames.filter((ms) => ms > FRAME_MS).length;
  console.log(`${what}: ${seen.frames.length} frames in ${SECONDS} s, load ${loadavg()[0]?.toFixed(1)}`);
  console.log(
    `  from frame to frame p50 ${frames.p50.toFixed(1)} ms, p95 ${frames.p95.toFixed(1)}, p99 ${frames.p99.toFixed(1)}, ` +
      `longest ${frames.max.toFixed(1)}; ${late} later than ${FRAME_MS} ms`,
  );
  console.log(
    `  a frame: script ${spent('ScriptDuration').toFixed(1)} ms, style ${spent('RecalcStyleDuration').toFixed(1)} ms, ` +
      `layout ${spent('LayoutDuration').toFixed(1)} ms, all tasks of the page's thread ${spent('TaskDuration').toFixed(1)} ms`,
  );
  console.log(
    `  tasks over 50 ms: ${seen.longTasks.length}` +
      (seen.longTasks.length === 0 ? '' : `, the longest ${Math.max(...seen.longTasks).toFixed(0)} ms`),
  );
}

try {
  for (let sent = 0; sent < SEED_OUTCOMES; sent += AT_ONCE)
    await post(Array.from({ length: AT_ONCE }, outcome));
  await until(
    'all are counted',
    async () => {
      const { waiting, outcomes } = (await (await server.api('/api/v1/metrics')).json()) as Record<
        string,
        number
      >;
      return waiting === 0 && outcomes === SEED_OUTCOMES;
    },
    120_000,
  );
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${server.url}/login`);
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL('**/w/**');
  await page.goto(`${server.url}/w/${WORKSPACE}/patterns?flat=1&sort=n`);
  await page.locator('[data-state=live]').first().waitFor({ state: 'attached' });
  const total = Number(await page.locator('table.patterns').getAttribute('aria-rowcount')) - 1;
  if (total < ROWS) throw new Error(`only ${total} rows`);
  await until(
    'all rows are read',
    async () => {
      await page.evaluate('window.scrollTo(0, document.documentElement.scrollHeight)');
      const last = await page
        .locator('table.patterns tbody tr[aria-rowindex]')
        .last()
        .getAttribute('aria-rowindex');
      return Number(last) >= total + 1;
    },
    120_000,
  );
  console.log(
    `${total} rows, ${await page.locator('table.patterns tbody tr').count()} of them in the document`,
  );
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  await cdp.send('Profiler.enable');
  const wait = (ms: number) => new Promise<void>((next) => setTimeout(next, ms));
  await measured(page, cdp, 'nothing recorded', () => wait(SECONDS * 1_000));
  await measured(page, cdp, `${RATE} outcomes/s`, async () => {
    const began = performance.now();
    const sends: Promise<void>[] = [];
    for (let i = 0; i < SECONDS * RATE; i += 1) {
      await wait(Math.max(0, began + (i * 1_000) / RATE - performance.now()));
      sends.push(post([outcome()]));
    }
    await Promise.all(sends);
  });
  await browser.close();
} finally {
  await server.end();
  removeData(server.dataDir);
}
