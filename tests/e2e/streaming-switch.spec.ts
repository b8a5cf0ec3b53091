import { randomUUID } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { createParser } from 'eventsource-parser';
import { bucketOf } from '../../src/lib/domain/flags/rollout.ts';
import { isReady } from '../support/live-pages.ts';
import { ADMIN, API_KEY, until } from '../support/running-server.ts';
import { startServers, type SeveralServers } from '../support/several-servers.ts';

/** Streaming is switched off and on under open streams, on two servers over one database. */
test.describe.configure({ mode: 'serial' });

const KEY = { authorization: `Bearer ${API_KEY}` };
let several: SeveralServers;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  several = await startServers(2);
});
test.afterAll(async () => {
  await several?.stop();
});

/** A stream as a script reads it: what came, and whether it ended. */
async function openStream(place: number) {
  const read = { events: [] as { event: string | undefined; data: string }[], ended: false };
  const response = await fetch(`${several.servers[place]?.url}/api/v1/feed?topics=outcomes`, {
    headers: KEY,
  });
  const parser = createParser({ onEvent: ({ event, data }) => read.events.push({ event, data }) });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  void (async () => {
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      parser.feed(part.value);
    }
  })().finally(() => (read.ended = true));
  await until('hello or goodbye', async () => read.events.length > 0);
  return read;
}

const poll = async (place: number, since = '') =>
  (await (
    await fetch(`${several.servers[place]?.url}/api/v1/feed/poll?wait=0&topics=outcomes&since=${since}`, {
      headers: KEY,
    })
  ).json()) as { to: string; streaming: boolean; events: { value: { externalId: string } }[] };

test('off ends every stream within five seconds with goaway off, polls go on, and on lets streams back', async ({
  page,
}) => {
  const streams = await Promise.all([0, 1, 0, 1].map(openStream));
  expect(streams.every(({ events }) => events[0]?.event === 'hello')).toBe(true);
  const before = await poll(1);
  expect(before.streaming).toBe(true);

  const at = several.servers[0]?.url ?? '';
  await page.goto(`${at}/login?next=/admin/live`);
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL('**/admin/live');
  await isReady(page);
  const choose = async (who: string, is: string) => {
    await page.getByRole('radio', { name: who }).check({ force: true });
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText(`Saved: streaming is ${is}.`)).toBeVisible();
  };
  await choose('Nobody', 'off');
  await until('every stream to end', async () => streams.every(({ ended }) => ended), 5_000);
  for (const { events } of streams) {
    expect(events.at(-1)?.event).toBe('goaway');
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({ reason: 'off' });
  }
  await until('the page to count them', async () =>
    (await page.locator('.entry', { hasText: 'Streaming was switched off' }).innerText()).endsWith('4'),
  );

  const externalId = randomUUID();
  const body = JSON.stringify({ externalId, subject: 'while off', result: 'success', attributes: {} });
  const headers = { ...KEY, 'content-type': 'application/json' };
  expect((await fetch(`${at}/api/v1/outcomes`, { method: 'POST', headers, body })).status).toBe(201);
  for (const place of [0, 1]) {
    const answer = await until('the outcome by polling', async () => {
      const polled = await poll(place, before.to);
      return polled.events.length > 0 && polled;
    });
    expect(answer.streaming).toBe(false);
    expect(answer.events.map(({ value }) => value.externalId)).toEqual([externalId]);
  }
  expect((await openStream(1)).events[0]).toMatchObject({ event: 'goaway' });

  await choose('Everybody', 'on for everybody');
  await until('polls at the other server to say so', async () => (await poll(1)).streaming, 5_000);
  expect((await openStream(1)).events[0]?.event).toBe('hello');
});

test('a share takes a key from its own hundredth on, the same at both servers', async () => {
  const { default: postgres } = await import('postgres');
  const sql = postgres(several.databaseUrl, { max: 1 });
  try {
    const [key] = await sql<{ id: string }[]>`select id from api_keys limit 1`;
    const bucket = bucketOf(key?.id ?? '');
    for (const percent of [bucket, bucket + 1]) {
      await sql`update flags set "on" = true, percent = ${percent} where key = 'streaming'`;
      for (const place of [0, 1]) {
        await until('the server to follow', async () => (await poll(place)).streaming === bucket < percent);
      }
    }
  } finally {
    await sql.end();
  }
});
