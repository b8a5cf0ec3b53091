import { expect, test, type Browser, type Page } from '@playwright/test';
import type { MetricsView } from '#lib/contracts/metrics.ts';
import type { OutcomeView, RecordReply } from '#lib/contracts/outcome.ts';
import { isReady } from '../support/live-pages.ts';
import { ADMIN, WORKSPACE } from '../support/running-server.ts';

/** One outcome recorded in one browser, seen in another without a reload. */

async function logIn(browser: Browser, options: { javaScriptEnabled?: boolean } = {}): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL('**/w/**');
  return page;
}

async function record(
  page: Page,
  subject: string,
  result: 'success' | 'failure',
  attributes: Record<string, string>,
  { javaScriptEnabled = true } = {},
) {
  await page.goto(`/w/${WORKSPACE}/outcomes/new`);
  if (javaScriptEnabled) await isReady(page);
  await page.getByLabel('Subject').fill(subject);
  await page.locator(`input[type=radio][value=${result}]`).check({ force: true });
  for (const [key, value] of Object.entries(attributes))
    await page.getByLabel(key, { exact: true }).fill(value);
  await page.getByRole('button', { name: 'Record outcome' }).click();
}

const seed = async (page: Page, count: number): Promise<void> => {
  const outcomes = Array.from({ length: count }, (_, i) => ({
    subject: `seed ${i}`,
    // What goes with success is plain, so that it leads however often this is sown.
    result: (i % 2 === 0 ? i % 7 < 4 : i % 7 === 0) ? 'success' : 'failure',
    attributes: {
      contact: i % 2 === 0 ? 'cellular' : 'telephone',
      marital: i % 5 < 2 ? 'single' : 'married',
    },
  }));
  const response = await page.request.post(`/api/v1/outcomes?ws=${WORKSPACE}`, {
    data: { outcomes },
    headers: { origin: new URL(page.url()).origin },
  });
  expect(response.status()).toBe(201);
  const last = ((await response.json()) as RecordReply).items.at(-1);
  const read = async <T>(path: string) =>
    (await (await page.request.get(`/api/v1/${path}?ws=${WORKSPACE}`)).json()) as T;
  const isCounted = async () => {
    const { position } = await read<OutcomeView>(`outcomes/${last?.id}`);
    return position !== null && position <= (await read<MetricsView>('metrics')).asOf;
  };
  await expect.poll(isCounted, { message: 'the last one is counted' }).toBe(true);
};

const numbersIn = (text: string | null) =>
  [...(text ?? '').matchAll(/[\d,]+/g)].map(([found]) => Number(found.replaceAll(',', '')));

for (const javaScriptEnabled of [true, false]) {
  test(`an outcome recorded with JavaScript ${javaScriptEnabled ? 'on' : 'off'} moves tile, row and list of another browser`, async ({
    browser,
  }) => {
    const watching = await logIn(browser);
    await seed(watching, 120);
    await watching.goto(`/w/${WORKSPACE}`);
    await expect(watching.locator('.live')).toContainText('Live');
    const tile = watching.getByRole('region', { name: 'Figures' });
    const row = watching
      .getByRole('row')
      .filter({ hasText: /contact\s*cellular/ })
      .filter({ hasNotText: 'marital' })
      .first();
    await expect(row).toBeVisible();
    let loads = 0;
    watching.on('load', () => (loads += 1));
    const tileBefore = await tile.textContent();
    // What a pattern means may stand in a second line.
    const figures = row.locator('.nm .sub').filter({ hasText: 'converted' });
    const before = numbersIn(await figures.textContent());

    const subject = `client ${javaScriptEnabled ? 'with' : 'without'} ${Date.now()}`;
    const recording = await logIn(browser, { javaScriptEnabled });
    await record(recording, subject, 'success', { contact: 'cellular' }, { javaScriptEnabled });
    await expect(recording.getByText(/saved/i).first()).toBeVisible();

    await expect(
      watching
        .getByRole('link', { name: new RegExp(subject) })
        .or(watching.getByText(subject))
        .first(),
    ).toBeVisible();
    await expect.poll(async () => numbersIn(await figures.textContent())).toEqual(before.map((n) => n + 1));
    await expect.poll(() => tile.textContent()).not.toBe(tileBefore);
    expect(loads).toBe(0);
    await recording.context().close();
    await watching.context().close();
  });
}

test('a double click is one outcome, and an error keeps what was typed', async ({ browser }) => {
  const page = await logIn(browser);
  const subject = `twice ${Date.now()}`;
  await page.goto(`/w/${WORKSPACE}/outcomes/new`);
  await isReady(page);
  await page.getByLabel('Subject').fill(subject);
  await page.locator('input[name=value]').fill('1,2oo');
  await page.locator('input[type=radio][value=failure]').check({ force: true });
  await page.getByRole('button', { name: 'Record outcome' }).click();
  await expect(page.locator('input[name=value]')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Subject')).toHaveValue(subject);
  await expect(page.locator('input[name=value]')).toHaveValue('1,2oo');
  await page.locator('input[name=value]').fill('1200');
  await page.getByRole('button', { name: 'Record outcome' }).dblclick();
  const recorded = async () => {
    const list = await page.request.get(
      `/api/v1/outcomes?ws=${WORKSPACE}&subject=${encodeURIComponent(subject)}`,
    );
    return ((await list.json()) as { items: { position: number | null }[] }).items;
  };
  // Once it is counted, both clicks have long been sent.
  await expect.poll(async () => (await recorded())[0]?.position ?? null).not.toBeNull();
  expect(await recorded()).toHaveLength(1);
  await page.context().close();
});

test('a filtered list of outcomes keeps what fits while others come', async ({ browser }) => {
  const page = await logIn(browser);
  const subject = `kept in view ${Date.now()}`;
  const send = async (subjects: string[]) => {
    const response = await page.request.post(`/api/v1/outcomes?ws=${WORKSPACE}`, {
      data: { outcomes: subjects.map((one) => ({ subject: one, result: 'success', attributes: {} })) },
      headers: { origin: new URL(page.url()).origin },
    });
    expect(response.status()).toBe(201);
    return ((await response.json()) as { items: { id: string }[] }).items;
  };
  await send(Array.from({ length: 52 }, () => subject));
  await page.goto(`/w/${WORKSPACE}/outcomes?subject=${encodeURIComponent(subject)}`);
  await expect(page.locator('.live')).toContainText('Live');
  const rows = page.getByRole('row').filter({ hasText: subject });
  await expect(rows).toHaveCount(50);
  const older = await page.getByRole('link', { name: 'Older' }).getAttribute('href');
  await send(Array.from({ length: 60 }, (_, i) => `another ${i}`));
  const [last] = await send([subject]);
  await expect(rows.first().getByRole('link')).toHaveAttribute('href', new RegExp(`${last?.id}$`));
  await expect(rows).toHaveCount(50);
  await expect(page.getByRole('link', { name: 'Older' })).not.toHaveAttribute('href', older ?? '');
  // One that is corrected so that it fits no more goes.
  const corrected = await page.request.patch(`/api/v1/outcomes/${last?.id}?ws=${WORKSPACE}`, {
    data: { subject: 'somebody else' },
    headers: { origin: new URL(page.url()).origin },
  });
  expect(corrected.status()).toBe(200);
  await expect(rows).toHaveCount(49);
});

test('two people see each other, and who appears offline is not seen', async ({ browser }) => {
  const ana = await logIn(browser);
  const also = (page: Page) => page.getByRole('banner').getByLabel(/^Also here: /);
  await expect(ana.locator('.live')).toContainText('Live');
  await expect(also(ana)).toHaveCount(0);

  const invited = await ana.request.post(`/w/${WORKSPACE}/settings/members?/invite`, {
    form: { email: `bo-${Date.now()}@example.org`, role: 'viewer' },
    headers: { origin: new URL(ana.url()).origin, accept: 'text/html' },
  });
  const [link = ''] = /\/invite\/[\w-]+/.exec(await invited.text()) ?? [];
  const bo = await (await browser.newContext()).newPage();
  await bo.goto(link);
  await bo.getByLabel('Your name').fill('Bo Lind');
  await bo.getByLabel('Password').fill('correct horse battery');
  await bo.getByRole('button', { name: 'Create account and join' }).click();
  await bo.waitForURL('**/w/**');
  await expect(also(bo)).toBeVisible();

  await also(ana).click();
  await expect(ana.getByRole('banner').getByTestId('also-here')).toHaveText(/Bo Lind/);
  const settings = await bo.context().newPage();
  await settings.goto('/account');
  await isReady(settings);
  await settings.getByLabel('Appear offline').check();
  await settings.getByRole('button', { name: 'Save' }).click();
  await expect(settings.getByText('Others do not see that you are here.')).toBeVisible();
  // What is open stays, and says so; once closed and left, it goes.
  const nobody = ana.getByRole('banner').getByLabel('Nobody else now');
  await expect(ana.getByRole('banner').getByTestId('also-here')).toHaveText('Nobody else now');
  await ana.keyboard.press('Escape');
  await expect(nobody).toBeFocused();
  await ana.keyboard.press('Tab');
  await expect(nobody).toHaveCount(0);
  await expect(also(ana)).toHaveCount(0);
  await expect(also(bo)).toHaveCount(1);
  await ana.context().close();
  await bo.context().close();
});
