import { chromium, expect, test, type BrowserContext, type Page } from '@playwright/test';
import {
  badge,
  hasCounted,
  hasStreams,
  isLive,
  isReady,
  latest,
  logInTo,
  menu,
  openLive,
  recordBy,
  showTheSame,
  shownTotal,
} from '../support/live-pages.ts';
import { removeData, startServer, WORKSPACE, type RunningServer } from '../support/running-server.ts';

/** Tabs of one browser share one connection. */

let server: RunningServer;
test.beforeAll(async () => {
  server = await startServer();
});
test.afterAll(async () => {
  await server.end();
  removeData(server.dataDir);
});
test.afterEach(async () => {
  await hasStreams(server, 0);
});

const open = async (context: BrowserContext, count: number): Promise<Page[]> => {
  const pages: Page[] = [];
  for (let i = 0; i < count; i += 1) pages.push(await openLive(context, server.url));
  return pages;
};
const subjects = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name} ${i}`);

test('ten tabs are one stream, and a late one shows what the first shows, without a reload', async ({
  browser,
}) => {
  const context = await browser.newContext();
  await logInTo(context, server.url);
  const pages = await open(context, 9);
  for (const page of pages) await isLive(page);
  await hasStreams(server, 1);
  const [first] = pages;
  if (first === undefined) throw new Error('no page');
  let loads = 0;
  first.on('load', () => (loads += 1));
  for (let i = 0; i < 10; i += 1) await recordBy(server, subjects(`many ${i}`, 7));
  const late = await openLive(context, server.url);
  await recordBy(server, subjects('after', 3));
  await isLive(late);
  for (const page of [...pages, late]) await expect.poll(() => shownTotal(page)).toBe(73);
  await showTheSame([...pages, late]);
  await hasStreams(server, 1);
  expect(loads).toBe(0);
  await badge(late).click();
  await expect(late.getByText('Stream, shared by 10 tabs')).toBeVisible();
  await context.close();
});

test('the connection outlives the tab that made it and ends with the last', async ({ browser }) => {
  const context = await browser.newContext();
  await logInTo(context, server.url);
  const [first, second] = await open(context, 2);
  if (first === undefined || second === undefined) throw new Error('no pages');
  await isLive(first);
  await isLive(second);
  await first.close();
  const before = await shownTotal(second);
  await recordBy(server, ['one more']);
  await expect.poll(() => shownTotal(second)).toBe(before + 1);
  await hasStreams(server, 1);
  await second.goto('about:blank');
  await hasStreams(server, 0);
  await context.close();
});

test('without shared workers one tab leads, and another takes over when it closes', async ({ browser }) => {
  const context = await browser.newContext();
  await context.addInitScript('delete globalThis.SharedWorker');
  await logInTo(context, server.url);
  const pages = await open(context, 4);
  for (const page of pages) await isLive(page);
  await hasStreams(server, 1);
  const [leader, ...others] = pages;
  await leader?.close();
  const before = await shownTotal(others[0] as Page);
  await recordBy(server, subjects('led', 2));
  for (const page of others) await expect.poll(() => shownTotal(page), { timeout: 20_000 }).toBe(before + 2);
  await hasStreams(server, 1);
  await context.close();
});

test('without workers and locks every tab has its own', async ({ browser }) => {
  const context = await browser.newContext();
  await context.addInitScript(
    "delete globalThis.SharedWorker; Object.defineProperty(navigator, 'locks', { value: undefined })",
  );
  await logInTo(context, server.url);
  for (const page of await open(context, 2)) await isLive(page);
  await hasStreams(server, 2);
  await context.close();
});

test('a worker that is killed is started again, and nothing is missed or shown twice', async ({
  browser,
}) => {
  const context = await browser.newContext();
  await logInTo(context, server.url);
  const [page] = await open(context, 1);
  if (page === undefined) throw new Error('no page');
  await isLive(page);
  const before = await shownTotal(page);
  const cdp = await browser.newBrowserCDPSession();
  const workers = async () => {
    const { targetInfos } = await cdp.send('Target.getTargets');
    return targetInfos.filter(({ type, title }) => type === 'shared_worker' && /telltale/.test(title));
  };
  await expect.poll(async () => (await workers()).length).toBe(1);
  for (const { targetId } of await workers()) await cdp.send('Target.closeTarget', { targetId });
  await hasStreams(server, 0);
  await recordBy(server, subjects('while it was dead', 3));
  await expect.poll(() => shownTotal(page), { timeout: 30_000 }).toBe(before + 3);
  await showTheSame([page]);
  await context.close();
});

test('logging out ends the connection for all tabs, and they say so', async ({ browser }) => {
  const context = await browser.newContext();
  await logInTo(context, server.url);
  const [first, second] = await open(context, 2);
  if (first === undefined || second === undefined) throw new Error('no pages');
  await isLive(second);
  await first.goto(`${server.url}/account`);
  await isReady(first);
  await first.getByRole('button', { name: 'Log out' }).first().click();
  await first.waitForURL('**/login**');
  await hasStreams(server, 0);
  await expect(second.getByText('Your session has ended.')).toBeVisible({ timeout: 20_000 });
  await expect(badge(second)).toHaveAttribute('data-state', 'still');
  await context.close();
});

test('live updates switched off stay off, in every tab and from the first paint, until switched on', async ({
  browser,
}) => {
  const context = await browser.newContext();
  await logInTo(context, server.url);
  const [page, other] = await open(context, 2);
  if (page === undefined || other === undefined) throw new Error('no pages');
  await isLive(page);
  await menu(page, 'Turn live updates off');
  await expect(badge(page)).toHaveAttribute('data-state', 'off');
  await expect(badge(other)).toHaveAttribute('data-state', 'off');
  await hasStreams(server, 0);
  const html = await (await page.request.get(`${server.url}/w/${WORKSPACE}`)).text();
  expect(html).toContain('data-state="off"');
  await page.reload();
  await expect(badge(page)).toHaveAttribute('data-state', 'off');
  const before = await shownTotal(page);
  await recordBy(server, subjects('unseen', 2));
  await hasCounted(server, before + 2);
  await isReady(page);
  await page.getByRole('link', { name: 'Load now' }).click();
  await expect.poll(() => shownTotal(page)).toBe(before + 2);
  await hasStreams(server, 0);
  await recordBy(server, ['seen on return']);
  await menu(page, 'Turn live updates on');
  await isLive(page);
  await isLive(other);
  for (const one of [page, other]) await expect.poll(() => shownTotal(one)).toBe(before + 3);
  await hasStreams(server, 1);
  await context.close();
});

test('a page that is held still does not read the places that a large batch does not tell', async ({
  browser,
}) => {
  const context = await browser.newContext();
  await logInTo(context, server.url);
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(`${server.url}/w/${WORKSPACE}`);
  await isLive(page);
  await badge(page).click();
  const hold = page.getByRole('button', { name: 'Pause this page' });
  const goOn = page.getByRole('button', { name: /^Go on/ });
  await expect(hold).toBeVisible();
  const before = await shownTotal(page);
  await page.clock.pauseAt(Date.now() + 60_000);
  await recordBy(server, subjects('in bulk', 600));
  await expect(async () => {
    await page.clock.runFor(100);
    expect(await shownTotal(page)).toBe(before + 600);
  }).toPass();
  const places = page.locator('section[aria-labelledby="latest"] li', { hasText: /#\d/ });
  await hold.dispatchEvent('click');
  await expect(badge(page)).toHaveAttribute('data-state', 'paused');
  let asked = 0;
  page.on('request', () => (asked += 1));
  await page.clock.runFor(10_000);
  expect([await places.count(), asked]).toEqual([0, 0]);
  await goOn.dispatchEvent('click');
  await expect(async () => {
    await page.clock.runFor(500);
    expect(await places.count()).toBe((await latest(page)).length);
  }).toPass();
  await context.close();
});

test('a page that comes back by "back" is live and has what it missed', async () => {
  // Playwright's own browser keeps no pages for "back".
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  try {
    const context = await browser.newContext();
    await logInTo(context, server.url);
    const page = await openLive(context, server.url);
    await isLive(page);
    const before = await shownTotal(page);
    await page.goto(`${server.url}/healthz`);
    await hasStreams(server, 0);
    await recordBy(server, subjects('while away', 2));
    // Not goBack, which waits for a load that a kept page does not have.
    await page.evaluate('history.back()');
    await isLive(page);
    await expect.poll(() => shownTotal(page)).toBe(before + 2);
    await hasStreams(server, 1);
  } finally {
    await browser.close();
  }
});

test('fifty steps from page to page keep one connection and leave no handler behind', async ({ browser }) => {
  const context = await browser.newContext();
  await logInTo(context, server.url);
  const [page] = await open(context, 1);
  if (page === undefined) throw new Error('no page');
  await isLive(page);
  for (let i = 0; i < 25; i += 1) {
    await page.getByRole('link', { name: 'Patterns', exact: true }).first().click();
    await page.waitForURL('**/patterns');
    await page.getByRole('link', { name: 'Live', exact: true }).first().click();
    await page.waitForURL(`**/w/${WORKSPACE}`);
  }
  await isLive(page);
  await hasStreams(server, 1);
  const before = await shownTotal(page);
  await recordBy(server, ['after fifty steps']);
  await expect.poll(() => shownTotal(page)).toBe(before + 1);
  await showTheSame([page]);
  await context.close();
});
