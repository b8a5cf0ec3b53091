import { expect, test, type Page } from '@playwright/test';
import { startProxy, type HttpProxy } from '../support/http-proxy.ts';
import {
  badge,
  isLive,
  isReady,
  logInTo,
  openLive,
  recordBy,
  showTheSame,
  shownTotal,
} from '../support/live-pages.ts';
import { removeData, startServer, until, type RunningServer } from '../support/running-server.ts';

/** What a page does when the network or the server fails it. */

let server: RunningServer;
let proxy: HttpProxy;
test.beforeAll(async () => {
  server = await startServer();
  proxy = await startProxy({ port: Number(new URL(server.url).port) });
});
test.afterAll(async () => {
  await proxy.close();
  await server.end();
  removeData(server.dataDir);
});
test.beforeEach(() => {
  proxy.passage = () => 'pass';
});

const isStream = (path: string) => /^\/api\/v1\/feed(\?|$)/.test(path);
const isFeed = (path: string) => path.startsWith('/api/v1/feed');

for (const [how, passage] of [
  ['cut', 'cut'],
  ['held back', 'hold'],
] as const) {
  test(`streams that are ${how} lead to polling within 20 s, nothing is missed, and streaming comes back`, async ({
    browser,
  }) => {
    test.setTimeout(120_000);
    const context = await browser.newContext();
    await logInTo(context, proxy.url);
    let polls = 0;
    proxy.passage = (path) => {
      if (isFeed(path) && !isStream(path)) polls += 1;
      return isStream(path) ? passage : 'pass';
    };
    const page = await openLive(context, proxy.url);
    // From then on the page tries.
    await isReady(page);
    await expect(badge(page)).toHaveAttribute('data-state', 'polling', { timeout: 20_000 });
    await expect(badge(page)).toContainText('Polling every 5 s');
    const before = await shownTotal(page);
    await recordBy(server, ['polled 1', 'polled 2']);
    await expect.poll(() => shownTotal(page)).toBe(before + 2);
    const counted = polls;
    await page.waitForFunction(
      (end) => performance.now() > end,
      (await page.evaluate(() => performance.now())) + 11_000,
    );
    // One loop: a poll every 5 s, never two.
    expect(polls - counted).toBeGreaterThanOrEqual(1);
    expect(polls - counted).toBeLessThanOrEqual(3);
    proxy.passage = () => 'pass';
    if (passage === 'hold') {
      await badge(page).click();
      await page.getByRole('button', { name: 'Try a stream now' }).click();
    }
    // The next try of a stream may be 30 s away.
    await isLive(page, 45_000);
    await recordBy(server, ['streamed']);
    await expect.poll(() => shownTotal(page)).toBe(before + 3);
    await showTheSame([page]);
    await context.close();
  });
}

test('streaming switched off for everybody means polling within five seconds, and streaming again when on', async ({
  browser,
}) => {
  test.setTimeout(120_000);
  const context = await browser.newContext();
  await logInTo(context, proxy.url);
  const page = await openLive(context, proxy.url);
  await isLive(page);
  const admin = await context.newPage();
  await admin.goto(`${proxy.url}/admin/live`);
  await isReady(admin);
  const choose = async (who: string, is: string) => {
    await admin.getByRole('radio', { name: who }).check({ force: true });
    await admin.getByRole('button', { name: 'Save' }).click();
    await expect(admin.getByText(`Saved: streaming is ${is}.`)).toBeVisible();
  };
  await choose('Nobody', 'off');
  await expect(badge(page)).toHaveAttribute('data-state', 'polling');
  const before = await shownTotal(page);
  await recordBy(server, ['while off']);
  await expect.poll(() => shownTotal(page)).toBe(before + 1);
  await choose('Everybody', 'on for everybody');
  await isLive(page);
  await recordBy(server, ['on again']);
  await expect.poll(() => shownTotal(page)).toBe(before + 2);
  await context.close();
});

test('a network that is gone is told, figures stay, and what was missed appears without a reload', async ({
  browser,
}) => {
  test.setTimeout(120_000);
  const context = await browser.newContext();
  await logInTo(context, proxy.url);
  const page = await openLive(context, proxy.url);
  await isLive(page);
  let loads = 0;
  page.on('load', () => (loads += 1));
  const before = await shownTotal(page);
  proxy.passage = () => 'cut';
  proxy.drop();
  await expect(badge(page)).toHaveAttribute('data-state', 'stale');
  await context.setOffline(true);
  await expect(badge(page)).toHaveAttribute('data-state', 'offline', { timeout: 15_000 });
  await expect(page.getByText(/You see #/)).toBeVisible({ timeout: 15_000 });
  expect(await shownTotal(page)).toBe(before);
  await recordBy(server, ['missed 1', 'missed 2', 'missed 3']);
  proxy.passage = () => 'pass';
  await context.setOffline(false);
  await isLive(page);
  await expect.poll(() => shownTotal(page)).toBe(before + 3);
  expect(loads).toBe(0);
  await badge(page).click();
  await expect(page.getByText(/restored after/)).toBeVisible();
  // Held still it says the same, and can be let go.
  await page.getByRole('button', { name: 'Pause this page' }).click();
  await expect(badge(page)).toHaveAttribute('data-state', 'paused');
  await context.setOffline(true);
  await expect(badge(page)).toHaveAttribute('data-state', 'offline', { timeout: 15_000 });
  await page.getByRole('button', { name: 'Go on' }).click();
  await context.setOffline(false);
  await isLive(page);
  await context.close();
});

test('a page that nobody answers for says so and comes back by itself', async ({ browser }) => {
  const context = await browser.newContext();
  await logInTo(context, proxy.url);
  const page = await openLive(context, proxy.url);
  await isLive(page);
  let isThere = false;
  let [unanswered, answered] = [0, 0];
  await page.route('**/outcomes/__data.json*', (route) => {
    if (isThere) answered += 1;
    else unanswered += 1;
    return isThere ? route.continue() : route.abort('connectionreset');
  });
  await page.getByRole('link', { name: 'Outcomes', exact: true }).first().click();
  await expect(page.getByRole('heading', { name: 'The server does not answer' })).toBeVisible();
  // The pointer over the link asked, then the click, and at least once more the page itself.
  await expect.poll(() => unanswered).toBeGreaterThan(2);
  isThere = true;
  await expect(page.getByRole('heading', { name: 'Outcomes', level: 1 })).toBeVisible({ timeout: 15_000 });
  expect(answered).toBe(1);
  await isLive(page);
  await context.close();
});

test('a server that restarts under load is caught up with, and no row is doubled or missing', async ({
  browser,
}) => {
  test.setTimeout(180_000);
  const context = await browser.newContext();
  await logInTo(context, proxy.url);
  const pages = [await openLive(context, proxy.url), await openLive(context, proxy.url)];
  for (const page of pages) await isLive(page);
  const before = await shownTotal(pages[0] as Page);
  let sent = 0;
  let loading = true;
  const load = (async () => {
    while (loading) {
      const ids = Array.from({ length: 3 }, (_, i) => `load ${sent + i}`);
      // A request may die with the server; with the same ids it counts once.
      await until('a request to get through', () => recordBy(server, ids, ids).then(() => true), 60_000);
      sent += ids.length;
    }
  })();
  const port = Number(new URL(server.url).port);
  try {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const enough = sent + 60;
      await until('some load', async () => sent > enough);
      await server.end(signal);
      server = await startServer({ dataDir: server.dataDir, port });
    }
  } finally {
    loading = false;
  }
  await load;
  for (const page of pages) {
    await isLive(page, 30_000);
    await expect.poll(() => shownTotal(page), { timeout: 30_000 }).toBe(before + sent);
  }
  await showTheSame(pages);
  for (const page of pages) await isLive(page);
  await context.close();
});
