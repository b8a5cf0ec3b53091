import { expect, test, type Page } from '@playwright/test';
import { isLive, isReady, undo } from '../support/live-pages.ts';
import { ADMIN, WORKSPACE } from '../support/running-server.ts';

/** Every page, wide and narrow, with and without JavaScript: it is there, and nothing scrolls sideways. */
const PAGES = [
  '/about-the-numbers',
  '/account',
  '/w',
  '/admin/live',
  `/w/${WORKSPACE}`,
  `/w/${WORKSPACE}/outcomes`,
  `/w/${WORKSPACE}/outcomes/new`,
  `/w/${WORKSPACE}/outcomes/import`,
  `/w/${WORKSPACE}/patterns`,
  `/w/${WORKSPACE}/patterns?view=cards`,
  `/w/${WORKSPACE}/patterns?choose=1&flat=1`,
  `/w/${WORKSPACE}/patterns/searched`,
  `/w/${WORKSPACE}/patterns/compare`,
  `/w/${WORKSPACE}/honesty`,
  `/w/${WORKSPACE}/activity`,
  `/w/${WORKSPACE}/activity?kind=logins`,
  `/w/${WORKSPACE}/lookup`,
  `/w/${WORKSPACE}/settings/attributes`,
  `/w/${WORKSPACE}/settings/members`,
  `/w/${WORKSPACE}/settings/api-keys`,
  `/w/${WORKSPACE}/settings/workspace`,
];

async function logIn(page: Page): Promise<void> {
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL('**/w/**');
}

for (const javaScriptEnabled of [true, false]) {
  for (const width of [360, 1440]) {
    test(`every page at ${width} px with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async ({
      browser,
    }) => {
      test.setTimeout(120_000);
      const context = await browser.newContext({ javaScriptEnabled, viewport: { width, height: 900 } });
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      page.on(
        'console',
        (message) => message.type() === 'error' && errors.push(`${page.url()}: ${message.text()}`),
      );
      await logIn(page);
      for (const path of PAGES) {
        const response = await page.goto(path);
        expect(response?.status(), path).toBe(200);
        await expect(page.locator('h1').first(), path).toBeVisible();
        if (javaScriptEnabled) await isReady(page);
        const sideways = (await page.evaluate(
          'document.documentElement.scrollWidth - window.innerWidth',
        )) as number;
        expect(sideways, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
      }
      expect(errors).toEqual([]);
      await context.close();
    });
  }
}

test('another workspace and an unknown page are the same 404; inside a workspace its navigation stays', async ({
  browser,
}) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await logIn(page);
  expect((await page.goto('/w/nobodys'))?.status()).toBe(404);
  expect((await page.goto('/nowhere'))?.status()).toBe(404);
  await expect(page.getByRole('navigation', { name: 'Workspace' })).toHaveCount(0);
  for (const path of ['nowhere', 'nowhere/at/all', 'patterns/none']) {
    expect((await page.goto(`/w/${WORKSPACE}/${path}`))?.status(), path).toBe(404);
    await expect(page.getByRole('heading', { level: 1 }), path).toHaveText('Not found');
    await expect(page.getByRole('navigation', { name: 'Workspace' }), path).toBeVisible();
  }
  await context.close();
});

test('a record form sent without a result says so, keeps what was typed and goes there', async ({
  browser,
}) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await logIn(page);
  await page.goto(`/w/${WORKSPACE}/outcomes/new`);
  await isReady(page);
  await expect(page.getByLabel('Subject')).toBeFocused();
  await page.getByLabel('Subject').fill('Client 7');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText('Choose how it ended.')).toBeVisible();
  await expect(page.getByRole('radio', { name: 'Converted', exact: false }).first()).toBeFocused();
  await expect(page.getByLabel('Subject')).toHaveValue('Client 7');
  await page.keyboard.press('2');
  await page.keyboard.press('Control+Enter');
  // Not left behind for the other tests.
  await undo(page, 'Not converted, Client 7');
  await expect(page.getByText('Nothing of it counts.')).toBeVisible();
  await context.close();
});

test('what another admin does shows at once, and what is being typed stays', async ({ browser }) => {
  const context = await browser.newContext();
  const [typing, reading, watching] = [
    await context.newPage(),
    await context.newPage(),
    await context.newPage(),
  ];
  await logIn(typing);
  const keys = `/w/${WORKSPACE}/settings/api-keys`;
  await Promise.all([typing.goto(keys), reading.goto(keys), watching.goto(`/w/${WORKSPACE}/activity`)]);
  for (const page of [typing, reading, watching]) await isLive(page);
  await typing.getByLabel('Name').fill('Half a na');
  const form = { name: 'Robot', scopes: 'read' };
  const headers = { origin: new URL(typing.url()).origin };
  await context.request.post(`${keys}?/create`, { form, headers });
  const line = watching.getByRole('region', { name: 'Activity' }).getByRole('listitem').first();
  await expect(line).toContainText('made the API key Robot');
  await reading.bringToFront();
  reading.on('dialog', (dialog) => void dialog.accept());
  await reading.getByRole('button', { name: 'Revoke… Robot' }).click();
  await watching.bringToFront();
  await expect(line).toContainText('revoked the API key Robot');
  await typing.bringToFront();
  await expect(typing.getByLabel('Name')).toHaveValue('Half a na');
  // Hovering over a link loads its page, long before it is shown perhaps.
  await typing.goto(`/w/${WORKSPACE}/settings/workspace`);
  await isLive(typing);
  const loaded = typing.waitForResponse(/activity\/__data\.json/);
  const link = typing.locator(`a[href$="/${WORKSPACE}/activity"]`).first();
  await link.hover();
  await loaded;
  await context.request.post(`${keys}?/create`, { form: { ...form, name: 'Late' }, headers });
  await expect(line).toContainText('made the API key Late');
  await typing.bringToFront();
  await link.click();
  const first = typing.getByRole('region', { name: 'Activity' }).getByRole('listitem').first();
  await expect(first).toContainText('made the API key Late');
  await context.close();
});
