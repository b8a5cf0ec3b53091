import { expect, test, type BrowserContext, type Page } from '@playwright/test';
import {
  ADMIN,
  API_KEY,
  freePort,
  removeData,
  startServer,
  until,
  WORKSPACE,
} from '../support/running-server.ts';

/** Outcomes recorded without a network: seen while they wait, and sent once each, in order (F20). */

const SEND = '**/outcomes/new/send';
const SHOTS = process.env['TELLTALE_SHOTS'];

async function logIn(context: BrowserContext, base = ''): Promise<Page> {
  // The browser is told to be offline page by page; a shared worker would go on with the feed.
  await context.addInitScript('delete globalThis.SharedWorker');
  const page = await context.newPage();
  await page.goto(`${base}/login`);
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL('**/w/**');
  return page;
}

const formPath = `/w/${WORKSPACE}/outcomes/new`;

/** The form with its store ready; recording goes through the store from then on. */
async function openForm(page: Page, base = ''): Promise<void> {
  await page.goto(`${base}${formPath}`);
  await expect(page.locator('.live')).toContainText('Live');
}

/** Types an outcome as people do who record many: with the keyboard alone. */
async function type(page: Page, subject: string, result: '1' | '2' | '3' = '1'): Promise<void> {
  await expect(page.getByLabel('Subject')).toBeFocused();
  await page.keyboard.type(subject);
  await page.locator('input[type=radio]').first().focus();
  await page.keyboard.press(result);
  await page.keyboard.press('Control+Enter');
}

/** Ticks it and goes back to where typing starts; from then on the page itself goes back there. */
async function another(page: Page): Promise<void> {
  await page.getByLabel('Record another').check();
  await page.getByLabel('Subject').focus();
}
const waitingPanel = (page: Page) => page.getByRole('region', { name: 'Waiting to be sent' });
const inBar = (page: Page) => page.locator('.unsent-count');

/** The subjects that begin with `prefix`, in the order of the log. */
async function recorded(page: Page, prefix: string, base?: string): Promise<string[]> {
  const root = base ?? new URL(page.url()).origin;
  const response = await fetch(`${root}/api/v1/outcomes?limit=1000`, {
    headers: { authorization: `Bearer ${API_KEY}` },
  });
  const { items } = (await response.json()) as { items: { subject: string }[] };
  return items
    .map(({ subject }) => subject)
    .filter((subject) => subject.startsWith(prefix))
    .reverse();
}
const name = (what: string) => `${what} ${Date.now()}`;

test('what is recorded offline is kept, seen, and sent once each in order when the network returns', async ({
  context,
}) => {
  const page = await logIn(context);
  await openForm(page);
  await another(page);
  await context.setOffline(true);
  await expect(page.locator('.live')).toContainText('Offline');
  const prefix = name('kept');
  const subjects = ['a', 'b', 'c'].map((letter) => `${prefix} ${letter}`);
  for (const [i, subject] of subjects.entries()) {
    await type(page, subject);
    await expect(page.getByText(`Kept here; ${i + 1} outcome`)).toBeVisible();
    await expect(page.getByLabel('Subject')).toHaveValue('');
  }
  await expect(waitingPanel(page).getByRole('listitem')).toHaveCount(3);
  await expect(inBar(page)).toContainText('3');
  await expect(page.getByRole('alert')).toHaveCount(1);
  await expect(page.getByRole('alert')).toContainText('1 outcome you recorded is kept here');
  await expect(page.getByText('3 outcomes you recorded are kept here')).toBeVisible();
  // Another page could not be loaded, and would take this one away.
  await page.getByRole('link', { name: 'Patterns' }).first().click();
  await expect(page.getByText('Other pages need the network')).toBeVisible();
  await expect(page.getByLabel('Subject')).toBeVisible();

  await context.setOffline(false);
  await expect(inBar(page)).toHaveCount(0);
  await expect(waitingPanel(page)).toHaveCount(0);
  await expect(page.getByRole('alert')).toHaveCount(0);
  expect(await recorded(page, prefix)).toEqual(subjects);
});

test('200 outcomes in two tabs, both of which come back at once, are each applied once and in order', async ({
  context,
}) => {
  test.setTimeout(600_000);
  const tabs = [await logIn(context), await context.newPage()];
  for (const tab of tabs) {
    await openForm(tab);
    await another(tab);
  }
  await context.setOffline(true);
  const prefix = name('many');
  const subjects = Array.from({ length: 200 }, (_, i) => `${prefix} ${String(i).padStart(3, '0')}`);
  for (const [at, tab] of tabs.entries()) {
    const half = subjects.slice(at * 100, at * 100 + 100);
    await tab.bringToFront();
    await tab.evaluate(async (all) => {
      const settled = (of: () => boolean) =>
        new Promise<void>((done, fail) => {
          const end = performance.now() + 20_000;
          const look = () => {
            if (of()) done();
            else if (performance.now() > end) fail(new Error('The form did not go on.'));
            else setTimeout(look, 5);
          };
          look();
        });
      const subject = () => document.querySelector<HTMLInputElement>('input[name=subject]');
      for (const one of all) {
        const field = subject();
        const form = field?.form;
        if (field == null || form == null) throw new Error('There is no form.');
        field.value = one;
        form.querySelector<HTMLInputElement>('input[value=success]')?.click();
        form.requestSubmit();
        await settled(() => subject() !== null && subject() !== field);
      }
    }, half);
  }
  for (const tab of tabs) await expect(inBar(tab)).toContainText('200');
  // A try made just before the network is back never leaves the browser; any other that fails may have arrived.
  const answered: number[] = [];
  const failed: string[] = [];
  const isSending = (url: string) => url.endsWith('/outcomes/new/send');
  context.on('response', (response) => {
    if (isSending(response.url())) answered.push(response.status());
  });
  context.on('requestfailed', (request) => {
    if (isSending(request.url())) failed.push(request.failure()?.errorText ?? 'without a reason');
  });
  await context.setOffline(false);
  for (const tab of tabs) await expect(inBar(tab)).toHaveCount(0, { timeout: 60_000 });
  expect(await recorded(tabs[0] ?? (await context.newPage()), prefix)).toEqual(subjects);
  await expect.poll(() => answered).toEqual(subjects.map(() => 201));
  expect(failed.filter((reason) => reason !== 'net::ERR_INTERNET_DISCONNECTED')).toEqual([]);
});

test('a tab that dies between sending and answer loses nothing and doubles nothing', async ({ context }) => {
  const page = await logIn(context);
  await openForm(page);
  const prefix = name('crash');
  let arrived = false;
  await page.route(SEND, async (route) => {
    // The server has it; its answer never reaches the page.
    await route.fetch();
    arrived = true;
  });
  await type(page, prefix);
  await until('the server has it', () => Promise.resolve(arrived));
  expect(await recorded(page, prefix)).toEqual([prefix]);
  await page.close();

  const next = await context.newPage();
  const answer = next.waitForResponse(SEND);
  await next.goto(formPath);
  expect((await answer).status()).toBe(201);
  await expect(inBar(next)).toHaveCount(0);
  expect(await recorded(next, prefix)).toEqual([prefix]);
});

test('an open tab takes over from one that dies while it sends', async ({ context }) => {
  const [typing, other] = [await logIn(context), await context.newPage()];
  await openForm(other);
  await openForm(typing);
  const prefix = name('heir');
  // Whichever tab is the first to send what one of them keeps, dies of it.
  const sending: Page[] = [];
  for (const tab of [typing, other]) {
    await tab.route(SEND, async (route) => {
      if (sending.length === 0) sending.push(tab);
      if (sending[0] !== tab) await route.continue();
    });
  }
  await typing.bringToFront();
  await type(typing, prefix);
  const dying = await until('it is on its way', () => Promise.resolve(sending[0]));
  expect(await recorded(typing, prefix)).toEqual([]);
  await dying.close();
  const heir = dying === typing ? other : typing;
  await until('the other tab sends it', async () => (await recorded(heir, prefix)).length > 0);
  await expect(inBar(heir)).toHaveCount(0);
  expect(await recorded(heir, prefix)).toEqual([prefix]);
});

test('one that the server refuses lets the others pass, and is edited or discarded', async ({ context }) => {
  const page = await logIn(context);
  await openForm(page);
  await another(page);
  await context.setOffline(true);
  const prefix = name('refused');
  // What can be seen without the server is said at once.
  await page.locator('input[name=value]').fill('1,2oo');
  await page.getByLabel('Subject').focus();
  await type(page, `${prefix} a`);
  await expect(page.locator('input[name=value]')).toHaveAttribute('aria-invalid', 'true');
  await page.locator('input[name=value]').fill('1200');
  await page.keyboard.press('Control+Enter');
  for (const letter of ['b', 'c']) {
    await expect(page.getByLabel('Subject')).toHaveValue('');
    await page.getByLabel('When').fill('one fine day');
    await page.getByLabel('Subject').focus();
    await type(page, `${prefix} ${letter}`);
  }
  await expect(page.getByLabel('Subject')).toHaveValue('');
  await type(page, `${prefix} d`);
  await expect(inBar(page)).toContainText('4');
  await expect(page.getByLabel('Subject')).toHaveValue('');
  await page.keyboard.type('half of the next');
  await context.setOffline(false);
  await expect(inBar(page)).toContainText('2');
  expect(await recorded(page, prefix)).toEqual([`${prefix} a`, `${prefix} d`]);
  await expect(waitingPanel(page).getByText('not read as a time')).toHaveCount(2);
  await expect(page.getByLabel('Subject')).toHaveValue('half of the next');

  await page.getByRole('button', { name: `Edit ${prefix} b` }).click();
  await expect(page.getByLabel('Subject')).toHaveValue(`${prefix} b`);
  await expect(page.getByLabel('When')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('When')).toBeFocused();
  await page.getByLabel('When').fill('yesterday 16:30');
  await page.getByRole('button', { name: 'Record outcome' }).click();
  await expect(page.getByLabel('Subject')).toHaveValue('half of the next');
  await expect(page.getByText('Saved; counted in a moment')).toBeVisible();

  await page.getByRole('button', { name: `Discard ${prefix} c…` }).click();
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('button', { name: `Discard ${prefix} c…` }).click();
  await page.getByRole('button', { name: `Discard ${prefix} c`, exact: true }).click();
  await expect(inBar(page)).toHaveCount(0);
  expect(await recorded(page, prefix)).toEqual([`${prefix} a`, `${prefix} d`, `${prefix} b`]);
});

for (const refusal of ['while the person is away', 'while the next page is on its way'] as const) {
  test(`one that is refused ${refusal} waits to be looked at`, async ({ context }) => {
    const page = await logIn(context);
    await openForm(page);
    let answer = () => {};
    const asked = new Promise<void>((done) => (answer = done));
    await page.route(SEND, async (route) => {
      await asked;
      await route.continue();
    });
    const prefix = name('left');
    await page.getByLabel('When').fill('one fine day');
    await page.getByLabel('Subject').focus();
    await type(page, prefix);
    const refused = page.waitForResponse(SEND);
    if (refusal === 'while the person is away') {
      await page.getByRole('link', { name: 'Patterns' }).first().click();
      await page.waitForURL('**/patterns');
      answer();
      expect((await refused).status()).toBe(422);
    } else {
      let load = () => {};
      const loaded = new Promise<void>((done) => (load = done));
      await page.route('**/patterns/__data.json*', async (route) => {
        await loaded;
        await route.continue();
      });
      const asking = page.waitForRequest('**/patterns/__data.json*');
      await page.getByRole('link', { name: 'Patterns' }).first().click();
      await asking;
      answer();
      expect((await refused).status()).toBe(422);
      await until('the refusal is noted', async () => (await inBar(page).count()) > 0);
      load();
      await page.waitForURL('**/patterns');
    }
    await inBar(page).click();
    await page.getByRole('link', { name: 'Look at them' }).click();
    await page.getByRole('button', { name: `Edit ${prefix}` }).click();
    await expect(page.getByLabel('Subject')).toHaveValue(prefix);
    await expect(page.getByLabel('When')).toHaveValue('one fine day');
    expect(await recorded(page, prefix)).toEqual([]);
  });
}

test('one that is saved after the person has left does not fetch them back', async ({ context }) => {
  const page = await logIn(context);
  await openForm(page);
  let answer = () => {};
  const asked = new Promise<void>((done) => (answer = done));
  await page.route(SEND, async (route) => {
    await asked;
    await route.continue();
  });
  const prefix = name('gone on');
  await type(page, prefix);
  // Nothing typed now would be kept: the answer decides what the form becomes.
  await expect(page.locator('[inert]').filter({ has: page.locator('[name=subject]') })).toHaveCount(1);
  await page.getByRole('link', { name: 'Patterns' }).first().click();
  await page.waitForURL('**/patterns');
  answer();
  await expect(page.getByText('Saved; counted in a moment')).toBeVisible();
  expect(new URL(page.url()).pathname).toMatch(/\/patterns$/);
  expect(await recorded(page, prefix)).toEqual([prefix]);
});

test('what was begun comes back after an edited one is saved, also when it is only an attribute', async ({
  context,
}) => {
  const page = await logIn(context);
  await openForm(page);
  const prefix = name('draft');
  await page.route(SEND, (route) => route.abort());
  await page.getByLabel('Record another').check();
  await page.getByLabel('Subject').focus();
  await type(page, prefix);
  await expect(page.getByLabel('Subject')).toHaveValue('');
  await page.getByLabel('Variant').fill('b');
  await page.getByRole('button', { name: `Edit ${prefix}` }).click();
  await expect(page.getByLabel('Subject')).toHaveValue(prefix);
  await page.unroute(SEND);
  await page.getByRole('button', { name: 'Record outcome' }).click();
  await expect(page.getByLabel('Variant')).toHaveValue('b');
  await expect(page.getByLabel('Subject')).toHaveValue('');
  expect(new URL(page.url()).pathname).toBe(formPath);
  // The try before failed, so the form goes on without waiting for this one.
  await until('it is sent', async () => (await recorded(page, prefix)).length > 0);
  await expect(inBar(page)).toHaveCount(0);
  expect(await recorded(page, prefix)).toEqual([prefix]);
});

test('who is logged out meanwhile logs in, and then it is sent', async ({ context }) => {
  const page = await logIn(context);
  await openForm(page);
  await context.clearCookies();
  const prefix = name('login');
  await type(page, prefix);
  await waitingPanel(page).getByRole('link', { name: 'Log in' }).click();
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL(`**${formPath}`);
  await until('it is sent', async () => (await recorded(page, prefix)).length > 0);
  await expect(inBar(page)).toHaveCount(0);
  expect(await recorded(page, prefix)).toEqual([prefix]);
});

test('a row appears at once in the lists of the other tabs, and its delta settles it', async ({
  context,
}) => {
  const page = await logIn(context);
  await openForm(page);
  const [live, list] = [await context.newPage(), await context.newPage()];
  await live.goto(`/w/${WORKSPACE}`);
  await list.goto(`/w/${WORKSPACE}/outcomes`);
  for (const tab of [live, list]) await expect(tab.locator('.live')).toContainText('Live');
  const prefix = name('echo');
  let release = () => {};
  const released = new Promise<void>((done) => (release = done));
  await context.route(SEND, async (route) => {
    await released;
    await route.continue();
  });
  await page.bringToFront();
  await type(page, prefix);
  const latest = live.getByRole('region', { name: 'Latest outcomes' });
  await expect(latest.getByRole('listitem').filter({ hasText: prefix })).toContainText('waiting to be sent');
  await expect(list.getByRole('row').filter({ hasText: prefix })).toContainText('waiting to be sent');
  const seen: number[] = [];
  await live.exposeFunction('noteRows', (count: number) => seen.push(count));
  await live.evaluate((subject) => {
    const note = (globalThis as unknown as { noteRows(count: number): void }).noteRows;
    new MutationObserver(() =>
      note([...document.querySelectorAll('li')].filter((li) => li.textContent?.includes(subject)).length),
    ).observe(document.body, { subtree: true, childList: true, characterData: true });
  }, prefix);
  release();
  await expect(latest.getByRole('link', { name: prefix })).toBeVisible();
  await expect(list.getByRole('link', { name: prefix })).toBeVisible();
  await expect(latest.getByRole('listitem').filter({ hasText: prefix })).toContainText(/#[\d,]+/);
  expect(Math.max(...seen)).toBe(1);
  expect(Math.min(...seen)).toBe(1);
});

test('a server that goes away and comes back gets each outcome once', async ({ browser }) => {
  test.setTimeout(180_000);
  const port = await freePort();
  const first = await startServer({ port });
  const context = await browser.newContext();
  try {
    const page = await logIn(context, first.url);
    await openForm(page, first.url);
    await another(page);
    await first.killGroup();
    const prefix = name('restart');
    for (const letter of ['a', 'b']) {
      await type(page, `${prefix} ${letter}`);
      await expect(page.getByLabel('Subject')).toHaveValue('');
    }
    await expect(inBar(page)).toContainText('2');
    const second = await startServer({ port, dataDir: first.dataDir });
    try {
      await expect(inBar(page)).toHaveCount(0, { timeout: 60_000 });
      expect(await recorded(page, prefix, second.url)).toEqual([`${prefix} a`, `${prefix} b`]);
    } finally {
      await second.end();
    }
  } finally {
    await context.close();
    removeData(first.dataDir);
  }
});

for (const [width, height] of [
  [360, 800],
  [1440, 1000],
] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`nothing of what waits scrolls sideways at ${width} px, ${colorScheme}`, async ({ browser }) => {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme });
      const page = await logIn(context);
      await openForm(page);
      const [live, list] = [await context.newPage(), await context.newPage()];
      await live.goto(`/w/${WORKSPACE}`);
      await list.goto(`/w/${WORKSPACE}/outcomes`);
      for (const tab of [live, list]) await expect(tab.locator('.live')).toContainText('Live');
      await page.bringToFront();
      await another(page);
      await context.setOffline(true);
      await expect(page.locator('.live')).toContainText('Offline');
      for (const subject of [
        '20417 · M. Ferreira',
        'A client with a name much longer than any line has room for, and a number 118204',
      ]) {
        await type(page, subject);
        await expect(page.getByLabel('Subject')).toHaveValue('');
      }
      for (const [what, tab] of Object.entries({ form: page, live, list })) {
        await tab.bringToFront();
        await expect(inBar(tab)).toContainText('2');
        expect(await tab.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        if (SHOTS !== undefined)
          await tab.screenshot({ path: `${SHOTS}/${what}-${width}-${colorScheme}.png`, fullPage: true });
      }
      await context.close();
    });
  }
}
