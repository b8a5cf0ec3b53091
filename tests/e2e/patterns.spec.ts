import { expect, test, type Browser, type Locator, type Page } from '@playwright/test';
import type { PatternList, PatternView } from '#lib/contracts/pattern.ts';
import { isReady, undo } from '../support/live-pages.ts';
import { seededRandom } from '../support/seeded-random.ts';
import {
  ADMIN,
  startServer,
  removeData,
  until,
  WORKSPACE,
  type RunningServer,
} from '../support/running-server.ts';

/** Patterns with evidence: the list, one pattern, two of them, and the honesty check, as people use them. */
test.describe.configure({ mode: 'serial' });

const OUTCOMES = 4_000;
let server: RunningServer;
let list: PatternView[];

/** A workspace in which one thing is true: called by mobile phone, people convert more often. */
test.beforeAll(async () => {
  test.setTimeout(120_000);
  server = await startServer();
  const random = seededRandom(118);
  const one = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)];
  const outcomes = Array.from({ length: OUTCOMES }, (_, i) => {
    const contact = one(['mobile', 'landline', 'letter']);
    return {
      externalId: `case-${i}`,
      subject: `client ${i % 900}`,
      result: random() < (contact === 'mobile' ? 0.42 : 0.14) ? 'success' : 'failure',
      value: Math.round(random() * 100),
      attributes: {
        contact,
        marital: one(['single', 'married', 'divorced']),
        region: one(['north', 'south', 'east', 'west']),
        product: one(['basic', 'plus', 'pro']),
      },
    };
  });
  for (let start = 0; start < OUTCOMES; start += 500) {
    const response = await server.api('/api/v1/outcomes', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ outcomes: outcomes.slice(start, start + 500) }),
    });
    expect(response.status).toBe(201);
  }
  list = await until('the planted pattern is confirmed', async () => {
    const response = await server.api('/api/v1/patterns?limit=1000');
    const { asOf, items } = (await response.json()) as PatternList;
    const found = items.find(({ label }) => label === 'contact mobile');
    return asOf === OUTCOMES && found?.status === 'confirmed' ? items : null;
  });
});

test.afterAll(async () => {
  await server.end();
  removeData(server.dataDir);
});

const planted = (): PatternView => {
  const found = list.find(({ label }) => label === 'contact mobile');
  if (found === undefined) throw new Error('the planted pattern is not listed');
  return found;
};
const at = (path: string) => `${server.url.replace('127.0.0.1', 'localhost')}/w/${WORKSPACE}${path}`;

async function logIn(browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  await page.goto(at('/patterns'));
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL('**/patterns');
  if (options.javaScriptEnabled !== false) await isReady(page);
  return page;
}

for (const javaScriptEnabled of [true, false]) {
  const words = javaScriptEnabled ? 'on' : 'off';

  test(`a leader unfolds what it explains, with the reason (JavaScript ${words})`, async ({ browser }) => {
    const page = await logIn(browser, { javaScriptEnabled });
    const leader = page
      .getByRole('row')
      .filter({ has: page.getByRole('link', { name: 'contact mobile', exact: true }) });
    await expect(leader).toContainText('Confirmed');
    const fold = leader.getByRole('button', { name: /folded under it/ });
    await expect(fold).toHaveAttribute('aria-expanded', 'false');
    await fold.click();
    await expect(fold).toHaveAttribute('aria-expanded', 'true');
    const kids = page.locator('tr.kid');
    await expect(kids.first()).toContainText(/explained by|nearly the same|overlaps|only because|other side/);
    await expect(kids).toHaveCount(planted().explains);
    await fold.click();
    await expect(kids).toHaveCount(0);
  });

  test(`a pattern shows its charts, its words and its receipt (JavaScript ${words})`, async ({ browser }) => {
    const page = await logIn(browser, { javaScriptEnabled });
    await page.goto(at(`/patterns/${planted().id}`));
    const chart = page.getByRole('img', { name: /^Confidence over the log/ });
    await expect(chart).toBeVisible();
    await expect(chart.locator('path.ln')).toHaveAttribute('d', /^M[\d.]+,?\s?[\d.]+L/);
    await expect(page.getByRole('img', { name: /^Odds ratio/ })).toBeVisible();
    await expect(page.getByText(/would ever appear in/)).toContainText(
      'such patterns, however often anybody looks',
    );
    await expect(page.getByText('It goes with conversion.')).toBeVisible();
    await page.getByText('p, any look').click();
    await expect(page.getByText(/would ever come up with at most this probability/)).toBeVisible();
    await page.getByText('Show as table').first().click();
    await expect(page.getByRole('region', { name: 'Confidence over the log' })).toContainText('>0.99');
    await expect(page.getByRole('heading', { name: 'Values' })).toBeVisible();
    await expect(page.getByText('Outcomes that moved it last')).toBeVisible();
  });
}

test('long lists read on by themselves, draw only what is in view and keep the focus', async ({
  browser,
}) => {
  const page = await logIn(browser);
  await page.goto(at('/patterns?flat=1'));
  await isReady(page);
  const rows = page.locator('tbody tr[data-index]');
  await expect(rows).toHaveCount(50);
  const total = list.length;
  expect(total).toBeGreaterThan(150);
  // Rows under the pointer keep their order, and read on all the same.
  await rows.first().hover();
  await expect(async () => {
    await page.mouse.wheel(0, 4_000);
    await expect(page.locator(`tr[aria-rowindex="${total + 1}"]`)).toBeVisible({ timeout: 250 });
  }).toPass({ timeout: 40_000 });
  await expect.poll(() => rows.count()).toBeLessThan(120);
  const rightOf = (of: Locator) => of.evaluate((element) => element.getBoundingClientRect().right);
  const table = await rightOf(page.locator('table.patterns'));
  expect(await rightOf(rows.last().locator('td').last()), 'no empty column').toBeCloseTo(table, 0);
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  expect(height).toBeGreaterThan(total * 36);
});

test('status, condition and sort stand in the address', async ({ browser }) => {
  const page = await logIn(browser);
  await page
    .getByRole('group', { name: 'Status' })
    .getByRole('link', { name: /^Confirmed/ })
    .click();
  await expect(page).toHaveURL(/status=confirmed/);
  await page.getByText('Add condition').click();
  await page.getByLabel('Patterns that have').selectOption('contact:mobile');
  await expect(page).toHaveURL(/where=contact%3Amobile/);
  await expect(page.getByRole('link', { name: 'Without contact mobile' })).toBeVisible();
  for (const row of await page.locator('tbody tr[data-index]').all())
    await expect(row).toContainText('mobile');
  await page.getByRole('columnheader').getByRole('link', { name: 'n', exact: true }).click();
  await expect(page.locator('th[aria-sort="descending"]')).toContainText('n');
});

test('Back leads to the list as it was left: as long, as far down, as open', async ({ browser }) => {
  const page = await logIn(browser);
  await page.goto(at('/patterns?flat=1'));
  await isReady(page);
  const last = page.locator(`tr[aria-rowindex="${list.length + 1}"]`);
  await expect(async () => {
    await page.mouse.wheel(0, 4_000);
    await expect(last).toBeVisible({ timeout: 250 });
  }).toPass({ timeout: 40_000 });
  const link = last.getByRole('link');
  const name = await link.innerText();
  const top = async (of: typeof link) => Math.round((await of.boundingBox())?.y ?? NaN);
  await link.hover();
  const before = await top(link);
  await link.click();
  await page.waitForURL('**/patterns/p_*');
  const again = page.locator('tbody tr[data-index]').getByRole('link', { name, exact: true });
  const back = async () => {
    await page.goBack();
    await expect(again).toBeVisible();
    await expect.poll(() => top(again)).toBe(before);
  };
  await back();
  await again.click();
  await page.waitForURL('**/patterns/p_*');
  await page.reload();
  await isReady(page);
  await back();

  await page.goto(at('/patterns'));
  await isReady(page);
  const fold = page.getByRole('button', { name: /^contact mobile: .* folded under it/ });
  await fold.click();
  const kids = page.locator('tr.kid');
  await expect(kids).toHaveCount(planted().explains);
  await kids.first().getByRole('link').first().click();
  await page.waitForURL('**/patterns/p_*');
  await page.goBack();
  await expect(fold).toHaveAttribute('aria-expanded', 'true');
  await expect(kids).toHaveCount(planted().explains);
});

test('one step back undoes one choice of a filter', async ({ browser }) => {
  const page = await logIn(browser);
  await page.goto(at('/patterns'));
  await isReady(page);
  await page.getByLabel('Side').selectOption('better');
  await expect(page).toHaveURL(/direction=better$/);
  await page.getByLabel('Number of conditions').selectOption('2');
  await expect(page).toHaveURL(/depth=2/);
  const find = page.getByLabel('Find');
  for (const [letters, address] of [
    ['mo', /search=mo(&|$)/],
    ['mobi', /search=mobi(&|$)/],
  ] as const) {
    await find.fill(letters);
    await expect(page).toHaveURL(address);
  }
  await page.goBack();
  await expect(page).toHaveURL(/direction=better&depth=2$/);
  await page.goBack();
  await expect(page).toHaveURL(/direction=better$/);
  await page.goBack();
  await expect(page).toHaveURL(/patterns$/);
});

test('a pattern that has left keeps its page', async ({ browser }) => {
  const record = async (subject: string) => {
    const response = await server.api('/api/v1/outcomes', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ subject, result: 'success', attributes: { contact: 'pigeon' } }),
    });
    expect(response.status).toBe(201);
  };
  await record('client 1');
  await until('it is counted', async () => {
    const response = await server.api('/api/v1/patterns/lookup?where=contact:pigeon');
    return ((await response.json()) as PatternList).items[0]?.n === 1;
  });
  const page = await logIn(browser);
  await page.goto(at('/lookup?where=contact:pigeon'));
  await page.getByRole('button', { name: 'Pin this pattern' }).click();
  await page.getByRole('link', { name: 'Open the pattern' }).click();
  await page.waitForURL('**/patterns/p_*');
  const address = page.url();
  await page.getByRole('button', { name: 'Unpin' }).click();
  await page.waitForURL('**/lookup?*');
  for (const javaScriptEnabled of [true, false]) {
    const reader = await logIn(browser, { javaScriptEnabled });
    await reader.goto(address);
    await expect(reader.locator('h1')).toContainText('Retired');
    await expect(reader.getByText(/^It left the patterns that are watched at #/)).toBeVisible();
    await expect(reader.getByText('1 of 1 converted', { exact: true })).toBeVisible();
    await expect(reader.getByText('Left the patterns that are watched', { exact: true })).toBeVisible();
    await reader.getByRole('link', { name: 'Look up', exact: true }).click();
    await expect(reader).toHaveURL(/lookup\?where=contact%3Apigeon/);
  }
});

test('pin, unpin and retire, each undone by its toast', async ({ browser }) => {
  const page = await logIn(browser);
  await page.goto(at(`/patterns/${planted().id}`));
  await isReady(page);
  await page.getByRole('button', { name: 'Pin', exact: true }).click();
  await expect(page.getByText('Pinned: contact mobile')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Unpin' })).toBeVisible();
  await undo(page, 'Pinned: contact mobile');
  // Its history now has the same thing twice at one place of the log.
  for (let time = 0; time < 2; time += 1) {
    await page.getByRole('button', { name: 'Pin', exact: true }).click();
    await page.getByRole('button', { name: 'Unpin' }).click();
  }
  await expect(page.getByRole('button', { name: 'Pin', exact: true })).toBeVisible();

  await page.getByRole('button', { name: 'Retire…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Retire contact mobile?' });
  await expect(dialog).toBeVisible();
  const counted = page.getByText(/^\d[\d,]* of \d[\d,]* converted$/).first();
  const before = await counted.innerText();
  const one = { subject: 'client 1', result: 'success', attributes: { contact: 'mobile' } };
  const recorded = await server.api('/api/v1/outcomes', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ outcomes: [one] }),
  });
  expect(recorded.status).toBe(201);
  await expect(counted).not.toHaveText(before);
  await expect(dialog, 'figures that move leave the question open').toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: 'Retire…' }).click();
  await dialog.getByRole('button', { name: 'Retire contact mobile' }).click();
  await expect(page.locator('h1')).toContainText('Retired');
  await undo(page, 'Retired: contact mobile');
  await expect(page.locator('h1')).not.toContainText('Retired');
});

test('two values of one attribute are looked up without a fault', async ({ browser }) => {
  const page = await logIn(browser);
  await page.goto(at('/lookup?where=contact:mobile&where=contact:letter'));
  await expect(page.locator('[data-testid=live-badge][data-state=live]')).toBeVisible();
  await expect(page.getByText('Something failed here')).toBeHidden();
});

test('retires and pins without JavaScript', async ({ browser }) => {
  const page = await logIn(browser, { javaScriptEnabled: false });
  await page.goto(at(`/patterns/${planted().id}`));
  await page.getByRole('button', { name: 'Retire…' }).click();
  await page.getByRole('button', { name: 'Retire contact mobile' }).click();
  await expect(page.locator('h1')).toContainText('Retired');
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.locator('h1')).not.toContainText('Retired');
  await page.goto(at('/lookup?where=region:north&where=contact:letter'));
  await page.getByRole('button', { name: 'Pin this pattern' }).click();
  await expect(page).toHaveURL(/where=region/);
  await page.getByRole('link', { name: 'Open the pattern' }).click();
  await expect(page.getByRole('button', { name: 'Unpin' })).toBeVisible();
});

test('two ticked patterns are compared on one axis', async ({ browser }) => {
  const page = await logIn(browser);
  await page.getByRole('button', { name: 'Compare…' }).click();
  const boxes = page.getByRole('checkbox');
  await boxes.nth(0).check();
  await expect(page.getByText('Choose one more')).toBeVisible();
  await boxes.nth(1).check();
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.waitForURL('**/compare?*');
  await expect(page.getByText(/^Looking once,/)).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Overlap' })).toBeVisible();
  await expect(page.getByRole('img', { name: /interval/ })).toHaveCount(2);
});

test('what was searched adds up', async ({ browser }) => {
  const page = await logIn(browser);
  await page.goto(at('/patterns/searched'));
  await expect(page.getByRole('region', { name: 'Figures' })).toContainText(`${list.length}`);
  await expect(page.getByRole('region', { name: 'Attributes, table' })).toContainText('region');
});

test('a self-check of few shuffles runs and says what it found; the refold is equal', async ({ browser }) => {
  test.setTimeout(180_000);
  const page = await logIn(browser);
  await page.goto(at('/honesty'));
  await isReady(page);
  await page.getByLabel('Shuffles').selectOption('20');
  await page.getByRole('button', { name: 'Shuffle now' }).click();
  await expect(page.getByRole('progressbar', { name: 'Shuffles' })).toBeVisible();
  await expect(page.getByText(/of 20 shuffles called anything confirmed/)).toBeVisible({ timeout: 120_000 });
  await page.getByRole('button', { name: 'Compare now' }).click();
  await expect(page.getByText('Equal, to the last bit.')).toBeVisible({ timeout: 60_000 });
});
