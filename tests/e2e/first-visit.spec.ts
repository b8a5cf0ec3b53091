import { expect, test, type Page } from '@playwright/test';
import type { MetricsView } from '#lib/contracts/metrics.ts';
import { BANK_CSV, bankIsMissing } from '../support/bank-file.ts';
import { isReady } from '../support/live-pages.ts';
import { removeData, startServer, type RunningServer } from '../support/running-server.ts';

/** A new installation, from the link in the terminal to figures on the page; each time on a server of its own. */
const PASSWORD = 'correct horse battery';
let server: RunningServer | null = null;

test.afterEach(async () => {
  if (server === null) return;
  await server.end();
  removeData(server.dataDir);
  server = null;
});

async function freshServer(): Promise<{ url: string; setup: string }> {
  server = await startServer({ fresh: true });
  const setup = /Telltale is ready: (\S+)/.exec(server.output())?.[1] ?? '';
  expect(setup).toContain('/setup?token=');
  // The session belongs to the host of the link.
  return { url: new URL(setup).origin, setup };
}

async function counted(page: Page, workspace: string): Promise<number> {
  const response = await page.request.get(`/api/v1/metrics?ws=${workspace}`);
  return ((await response.json()) as MetricsView).outcomes;
}

const SMALL = [
  'client,converted,channel,when',
  ...Array.from(
    { length: 60 },
    (_, i) => `c${i},${i % 3 === 0 ? 'yes' : 'no'},${i % 2 === 0 ? 'mail' : 'phone'},2026-0${1 + (i % 9)}-10`,
  ),
].join('\n');

for (const javaScriptEnabled of [true, false]) {
  test(`set up, import a file and see it, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async ({
    browser,
  }) => {
    test.setTimeout(120_000);
    const { url, setup } = await freshServer();
    const context = await browser.newContext({ javaScriptEnabled, baseURL: url });
    const page = await context.newPage();
    await page.goto(setup);
    await page.locator('input[name=name]').fill('Ana Ruiz');
    await page.locator('input[name=email]').fill('ana@example.org');
    await page.locator('input[name=workspace]').fill('Calls of spring');
    await page.locator('input[name=password]').fill(PASSWORD);
    await page.getByRole('button', { name: /create admin/i }).click();
    await page.waitForURL('**/setup/next**');
    await page.getByRole('link', { name: /load a csv/i }).click();
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'calls.csv', mimeType: 'text/csv', buffer: Buffer.from(SMALL) });
    await page.getByRole('button', { name: /upload/i }).click();
    await page.waitForURL(/\/outcomes\/import\/[0-9a-f-]{36}/);
    await page.getByRole('button', { name: /check every row/i }).click();
    await expect(page.getByText('60 outcomes added')).toBeVisible({ timeout: 30_000 });
    // Without JavaScript a page that is read too early stays as it is.
    await expect.poll(() => counted(page, 'calls-of-spring')).toBe(60);
    await page.goto('/w/calls-of-spring');
    await expect(page.getByRole('region', { name: 'Figures' })).toContainText('20 of 60');
    // The link works once.
    await page.goto(setup);
    await expect(page.getByRole('button', { name: /create admin/i })).toHaveCount(0);
    await context.close();
  });
}

test('bad rows are named, and nothing is written until they are left out', async ({ browser }) => {
  test.setTimeout(120_000);
  const { url, setup } = await freshServer();
  const context = await browser.newContext({ baseURL: url });
  const page = await context.newPage();
  await page.goto(setup);
  await page.locator('input[name=name]').fill('Ana Ruiz');
  await page.locator('input[name=email]').fill('ana@example.org');
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.locator('input[name=workspace]').fill('Calls');
  await page.getByRole('button', { name: /create admin/i }).click();
  await page.waitForURL('**/setup/next**');
  await page.goto('/w/calls/outcomes/import');
  const bad = `${SMALL}\nc61,yes,mail,not a date\n`;
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'calls.csv', mimeType: 'text/csv', buffer: Buffer.from(bad) });
  await page.getByRole('button', { name: /upload/i }).click();
  await page.waitForURL(/\/outcomes\/import\/[0-9a-f-]{36}/);
  await isReady(page);
  await page.locator('select[name=time]').selectOption({ label: 'when' });
  await page.getByRole('button', { name: /check every row/i }).click();
  await expect(page.getByText('62', { exact: true }).first()).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/not a date/).first()).toBeVisible();
  expect(await counted(page, 'calls')).toBe(0);
  await page.getByRole('button', { name: /leave .* out|without/i }).click();
  await expect(page.getByText('60 outcomes added')).toBeVisible({ timeout: 30_000 });
  await context.close();
});

test.describe(() => {
  test.skip(bankIsMissing !== null, bankIsMissing ?? '');
  test('the bank file by upload; the import goes on when its page is left; a second time adds nothing', async ({
    browser,
  }) => {
    test.setTimeout(300_000);
    server = await startServer();
    const context = await browser.newContext({ baseURL: server.url });
    const page = await context.newPage();
    await page.goto('/login');
    await page.getByLabel('E-mail').fill('admin@example.org');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: /log in/i }).click();
    await page.waitForURL('**/w/**');
    for (const round of ['added', 'known']) {
      await page.goto('/w/calls/outcomes/import');
      await page.locator('input[type=file]').setInputFiles(BANK_CSV);
      await page.getByRole('button', { name: /upload/i }).click();
      await page.waitForURL(/\/outcomes\/import\/[0-9a-f-]{36}/);
      const address = page.url();
      await isReady(page);
      await page
        .getByRole('row')
        .filter({ hasText: 'duration' })
        .getByRole('combobox')
        .selectOption({ label: 'Leave out' });
      const begun = page.waitForResponse(/\?\/check/);
      await page.getByRole('button', { name: /check every row/i }).click();
      await begun;
      await page.goto('/w/calls');
      await page.goto(address);
      if (round === 'added')
        await expect(page.getByText('45,211 outcomes added')).toBeVisible({ timeout: 90_000 });
      else
        await expect(
          page.getByText(/nothing (new|added)|0 outcomes added|known already/i).first(),
        ).toBeVisible({ timeout: 90_000 });
      await expect.poll(() => counted(page, 'calls'), { timeout: 90_000 }).toBe(45_211);
    }
    await context.close();
  });
});
