import { expect, type BrowserContext, type Page } from '@playwright/test';
import type { MetricsView } from '#lib/contracts/metrics.ts';
import { ADMIN, WORKSPACE, type RunningServer } from './running-server.ts';

/** Logs this browser in; its pages are the tabs of one person. */
export async function logInTo(context: BrowserContext, url: string): Promise<void> {
  const page = await context.newPage();
  await page.goto(`${url}/login`);
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL('**/w/**');
  await page.close();
}

export async function openLive(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${url}/w/${WORKSPACE}`);
  return page;
}

/**
 * Waits until the page answers to what people do. It is there before its code is, and until then a key or a choice is
 * lost, or leads elsewhere.
 */
export async function isReady(page: Page): Promise<void> {
  // SvelteKit takes scrolling over when it begins to listen, after everything else.
  await page.waitForFunction(() => history.scrollRestoration === 'manual');
}

export const badge = (page: Page) => page.getByTestId('live-badge');

export async function isLive(page: Page, timeout = 15_000): Promise<void> {
  await expect(badge(page)).toHaveAttribute('data-state', 'live', { timeout });
}

/** Waits until so many streams are open; one that a tab left behind ends a moment later. */
export async function hasStreams(server: Pick<RunningServer, 'api'>, count: number): Promise<void> {
  await expect.poll(() => streams(server), { message: 'open streams', timeout: 20_000 }).toBe(count);
}

/** Streams open at the server. */
async function streams(server: Pick<RunningServer, 'api'>): Promise<number> {
  const health = (await (await server.api('/healthz')).json()) as { feed: { streams: number } };
  return health.feed.streams;
}

export async function recordBy(
  server: Pick<RunningServer, 'api'>,
  subjects: readonly string[],
  externalIds?: readonly string[],
): Promise<void> {
  const outcomes = subjects.map((subject, i) => ({
    subject,
    result: i % 3 === 0 ? 'success' : 'failure',
    attributes: { contact: i % 2 === 0 ? 'cellular' : 'telephone' },
    ...(externalIds === undefined ? {} : { externalId: externalIds[i] }),
  }));
  const response = await server.api('/api/v1/outcomes', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ outcomes }),
  });
  expect(response.status).toBe(201);
}

/** The n of the conversion tile, which counts everything recorded. */
export async function shownTotal(page: Page): Promise<number> {
  const text = (await page.getByRole('region', { name: 'Figures' }).textContent()) ?? '';
  return Number(/of ([\d,]+)/.exec(text)?.[1]?.replaceAll(',', '') ?? 0);
}

/** Addresses of the latest outcomes, newest first. */
export const latest = (page: Page): Promise<string[]> =>
  page
    .locator('section[aria-labelledby="latest"] li a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));

/** Waits until all show the same latest outcomes, and sees that none of these is there twice. */
export async function showTheSame(pages: readonly Page[]): Promise<void> {
  const lists = () => Promise.all(pages.map(latest));
  await expect
    .poll(async () => new Set((await lists()).map((list) => list.join())).size, {
      message: 'different lists',
    })
    .toBe(1);
  for (const shown of await lists()) expect(new Set(shown).size).toBe(shown.length);
}

/** Waits until so many outcomes are counted: a page that is read earlier shows fewer. */
export async function hasCounted(server: Pick<RunningServer, 'api'>, outcomes: number): Promise<void> {
  const counted = async () => {
    const metrics = (await (await server.api('/api/v1/metrics')).json()) as MetricsView;
    return metrics.outcomes;
  };
  await expect.poll(counted, { message: 'outcomes counted', timeout: 20_000 }).toBe(outcomes);
}

export async function menu(page: Page, action: string): Promise<void> {
  await isReady(page);
  await badge(page).click();
  await page.getByRole('button', { name: action }).click();
  await page.keyboard.press('Escape');
}

/** Takes back what the toast says was done; the one before it fades away beside it. */
export const undo = (page: Page, said: string): Promise<void> =>
  page.getByRole('status').filter({ hasText: said }).getByRole('button', { name: 'Undo' }).click();
