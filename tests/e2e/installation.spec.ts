import { expect, test, type Browser, type BrowserContextOptions, type Page } from '@playwright/test';
import { isLive, isReady } from '../support/live-pages.ts';
import { ADMIN, API_KEY, WORKSPACE } from '../support/running-server.ts';
import { startServers, type SeveralServers } from '../support/several-servers.ts';

/** The page of the installation, on two servers over one database: what is done at one is seen at the other. */
test.describe.configure({ mode: 'serial' });

let several: SeveralServers;
const urlOf = (place: number): string => several.servers[place]?.url ?? '';

test.beforeAll(async () => {
  test.setTimeout(180_000);
  several = await startServers(2);
});
test.afterAll(async () => {
  await several?.stop();
});

async function logIn(page: Page, place: number, who = ADMIN): Promise<void> {
  await page.goto(`${urlOf(place)}/login`);
  await page.getByLabel('E-mail').fill(who.email);
  await page.getByLabel('Password').fill(who.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL('**/w/**');
}

async function open(browser: Browser, place: number, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  await logIn(page, place);
  await page.goto(`${urlOf(place)}/admin/live`);
  if (options.javaScriptEnabled !== false) await isReady(page);
  return page;
}

const sidewaysOf = (page: Page) => page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
const state = (page: Page, words: string) => expect(page.getByText(words, { exact: true })).toBeVisible();

test('is reached from the account menu, and shows both servers with their figures', async ({ page }) => {
  await logIn(page, 0);
  // The figures below are those of a stream that was opened.
  await isLive(page);
  await page.locator('summary[aria-label^="Account"]').click();
  await page.getByRole('link', { name: 'Installation' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Live feed');
  await isReady(page);
  const rows = page.getByRole('region', { name: 'Figures of each server' }).getByRole('rowheader');
  await expect(rows).toHaveCount(2);
  await expect(rows.filter({ hasText: 'answers this page' })).toHaveCount(1);
  await expect(rows.filter({ hasText: 'orders the events' })).toHaveCount(1);
  await state(page, 'on for everybody');
  const tiles = page.getByRole('region', { name: 'Feed figures' });
  await expect(tiles).toContainText(/open in ≤ [\d.]+ m?s, p95/);
  await expect(tiles).toContainText(/[\d.]+ (bytes|kB|MB) a second/);
  await expect(page.getByRole('textbox', { name: 'Share' })).toBeHidden();
  await page.getByRole('radio', { name: 'A share' }).check({ force: true });
  await expect(page.getByRole('textbox', { name: 'Share' })).toBeVisible();
});

test('a switch turned at one server without JavaScript is seen by an open page at the other', async ({
  browser,
}) => {
  const watching = await open(browser, 1);
  await state(watching, 'on for everybody');
  const page = await open(browser, 0, { javaScriptEnabled: false });
  await page.getByRole('radio', { name: 'A share' }).check({ force: true });
  await page.getByRole('textbox', { name: 'Share' }).fill('150');
  await page.getByLabel('Why').fill('proxy upgrade, step one');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('From 0 to 100.')).toBeVisible();
  await expect(page.getByLabel('Why')).toHaveValue('proxy upgrade, step one');
  await expect(page.getByRole('textbox', { name: 'Share' })).toHaveValue('150');
  await expect(page.getByRole('radio', { name: 'A share' })).toBeChecked();
  await state(page, 'on for everybody');

  await page.getByRole('textbox', { name: 'Share' }).fill('25');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved: streaming is on for 25% of users and keys.')).toBeVisible();
  await state(watching, 'on for 25% of users and keys');
  await expect(watching.getByText(/by .*: proxy upgrade, step one/)).toBeVisible();
  await watching.context().close();
  await page.context().close();
});

test('with JavaScript what is typed stays while the figures move, and the page says when its server is gone', async ({
  browser,
}) => {
  const page = await open(browser, 1);
  const figures = page.getByRole('region', { name: 'Figures of each server' });
  const before = (await figures.textContent()) ?? '';
  await page.getByLabel('Why').fill('typed and not yet saved');
  await expect(figures).not.toHaveText(before);
  await page.getByRole('radio', { name: 'Everybody' }).check({ force: true });
  await expect(page.getByLabel('Why')).toHaveValue('typed and not yet saved');
  await page.getByRole('button', { name: 'Save' }).click();
  await state(page, 'on for everybody');

  await several.servers[1]?.end('SIGKILL');
  await expect(page.getByText('The server does not answer.')).toBeVisible({ timeout: 20_000 });
  await several.restart(1);
  await expect(page.getByText('The server does not answer.')).toBeHidden({ timeout: 20_000 });
  await expect(page.getByText(/silent for/)).toBeVisible();
  await page.context().close();
});

test('a maintenance announced at one server without JavaScript comes to open pages at the other, and goes', async ({
  browser,
}) => {
  const band = (page: Page) => page.getByRole('status').filter({ hasText: 'Maintenance' });
  const watching = await open(browser, 1);
  await watching.goto(`${urlOf(1)}/w/${WORKSPACE}`);
  await watching.evaluate('window.isTheSamePage = true');
  const page = await open(browser, 0, { javaScriptEnabled: false, viewport: { width: 360, height: 800 } });
  await page.getByLabel('What happens').fill('We update Telltale');
  await page.getByLabel('From').fill('tomorrow 18:00');
  await page.getByLabel('Until').fill('some day');
  await page.getByRole('button', { name: 'Announce' }).click();
  await expect(page.getByText(/This is not read as a time/)).toBeVisible();
  await expect(page.getByLabel('From')).toHaveValue('tomorrow 18:00');
  await expect(band(watching)).toHaveCount(0);

  await page.getByLabel('Until').fill('18:30');
  await page.getByRole('button', { name: 'Announce' }).click();
  const words = 'Maintenance tomorrow 18:00–18:30: We update Telltale';
  await expect(band(page)).toHaveText(words);
  await expect(band(watching)).toHaveText(words);
  await page.goto(`${urlOf(0)}/w/${WORKSPACE}/patterns`);
  await expect(band(page)).toHaveText(words);
  expect(await sidewaysOf(page)).toBe(0);

  await page.goto(`${urlOf(0)}/admin/live`);
  await page.getByRole('button', { name: 'Take back' }).click();
  await expect(page.getByText('Taken back: nobody sees it any more.')).toBeVisible();
  await expect(band(watching)).toHaveCount(0);
  expect(await watching.evaluate('window.isTheSamePage')).toBe(true);
  await watching.context().close();
  await page.context().close();
});

test('is for those who run the installation only', async ({ browser, page }) => {
  const operator = await open(browser, 0);
  expect((await operator.request.get(`${urlOf(0)}/admin/live/figures`)).status()).toBe(200);
  await operator.context().close();

  await page.goto(`${urlOf(0)}/admin/live`);
  await expect(page).toHaveURL(/\/login\?next=%2Fadmin%2Flive/);
  const key = { authorization: `Bearer ${API_KEY}` };
  const response = await fetch(`${urlOf(0)}/admin/live`, { headers: key, redirect: 'manual' });
  expect(response.status).toBe(303);
});

test('fits 360 px in both themes', async ({ browser }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await open(browser, 0, { viewport: { width: 360, height: 800 }, colorScheme });
    expect(await sidewaysOf(page)).toBe(0);
    await page.context().close();
  }
});
