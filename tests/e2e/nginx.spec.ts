import { createServer } from 'node:http';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { EventSource } from 'eventsource';
import { API_KEY, ADMIN, WORKSPACE, until } from '../support/running-server.ts';
import { nginxBinary, NO_NGINX, startNginx, type Nginx } from '../support/nginx.ts';
import { startServers, type SeveralServers } from '../support/several-servers.ts';

/** docs/nginx.conf in front of two servers on one database. */
test.skip(nginxBinary === null, NO_NGINX);
test.describe.configure({ mode: 'serial' });

const KEY = { authorization: `Bearer ${API_KEY}` };
const FEED = '/api/v1/feed?topics=outcomes';
let several: SeveralServers;
let nginx: Nginx;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  several = await startServers(2);
  nginx = await startNginx({ ports: several.ports });
});
test.afterAll(async () => {
  await nginx?.stop();
  await several?.stop();
});

/**
 * As a client does it: a 502 leaves open whether the outcome was saved (nginx gives no POST to a second server), so it
 * is sent again under the same external id, which is saved once.
 */
function record(subject: string): Promise<string> {
  return until(`${subject} to be recorded`, async () => {
    const response = await fetch(`${nginx.url}/api/v1/outcomes`, {
      method: 'POST',
      headers: { ...KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ externalId: subject, subject, result: 'success', attributes: {} }),
    });
    expect([201, 502]).toContain(response.status);
    return response.status === 201 && subject;
  });
}

function statusOverHttp2(url: string): Promise<number | 'dropped'> {
  const session = connect(url);
  return new Promise<number | 'dropped'>((done) => {
    session.once('error', () => done('dropped'));
    const stream = session.request({ ':path': FEED, ...KEY });
    stream.once('response', (headers) => done(headers[':status'] ?? 0));
    stream.once('error', () => done('dropped'));
    stream.once('close', () => done('dropped'));
  }).finally(() => session.destroy());
}

const externalIdOf = (data: string): string =>
  (JSON.parse(data) as { value: { externalId: string } }).value.externalId;

/** npm's eventsource, with what it got. */
function readWithEventSource(url: string) {
  const source = new EventSource(url, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...KEY } }),
  });
  const got: string[] = [];
  const opened: number[] = [];
  source.addEventListener('delta', (event) => got.push(externalIdOf(String(event.data))));
  source.addEventListener('hello', () => opened.push(Date.now()));
  return { source, got, opened };
}

/** Which of the servers has a stream open. */
async function streamsOf(place: number): Promise<number> {
  const health = (await (await fetch(`${several.servers[place]?.url}/healthz`)).json()) as {
    feed: { streams: number };
  };
  return health.feed.streams;
}

test('the first byte comes at once, unpacked, and an event while the stream goes on', async () => {
  const controller = new AbortController();
  const response = await fetch(nginx.url + FEED, {
    headers: { ...KEY, 'accept-encoding': 'gzip' },
    signal: controller.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-encoding')).toBeNull();
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader?.read();
  expect(first?.value).toContain('event: hello');
  await record('while open');
  let text = '';
  while (!text.includes('while open')) {
    const part = await reader?.read();
    if (part?.done !== false) throw new Error(`the stream ended after ${text}`);
    text += part.value;
  }
  controller.abort();
});

test('HTTP/2 carries streams beside each other, more than the six of HTTP/1.1', async () => {
  const session = connect(nginx.http2Url);
  try {
    const firsts = Array.from(
      { length: 12 },
      () =>
        new Promise<string>((done, fail) => {
          const stream = session.request({ ':path': FEED, ...KEY });
          stream.setEncoding('utf8');
          stream.once('data', done);
          stream.once('error', fail);
        }),
    );
    for (const first of await Promise.all(firsts)) expect(first).toContain('event: hello');
  } finally {
    session.destroy();
  }
});

test('readers lose nothing and get nothing twice while each server is killed or replaced in turn', async ({
  page,
}) => {
  test.setTimeout(180_000);
  const { source, got, opened } = readWithEventSource(nginx.url + FEED);
  await page.goto(`${nginx.url}/login`);
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL('**/w/**');
  // Whole pages: a head over the 4 KB that nginx takes by default is a 502, and its server is out for a while.
  for (const path of ['', '/patterns', '/outcomes/new']) {
    const answer = await page.goto(`${nginx.url}/w/${WORKSPACE}${path}`);
    expect(answer?.status()).toBe(200);
    const head = (await answer?.headersArray()) ?? [];
    const bytes = head.reduce((sum, { name, value }) => sum + name.length + value.length + 4, 0);
    expect(bytes, `head of ${path}`).toBeLessThan(3_500);
  }
  // The browser's own, without any code of ours around it.
  await page.evaluate(`
    window.got = []; window.states = [];
    window.source = new EventSource('${FEED}&ws=${WORKSPACE}');
    source.addEventListener('delta', (event) => got.push(JSON.parse(event.data).value.externalId));
    source.addEventListener('error', () => states.push(source.readyState));
  `);
  await until(
    'both to be connected',
    async () => opened.length > 0 && (await page.evaluate('source.readyState')) === 1,
  );

  const recorded: string[] = [];
  for (const [round, signal] of (['SIGKILL', 'SIGTERM', 'SIGKILL', 'SIGTERM'] as const).entries()) {
    const place = round % 2;
    recorded.push(await record(`before ${round}`));
    await several.servers[place]?.end(signal);
    recorded.push(await record(`without ${round}`));
    await until('everybody to have all', async () => {
      const inPage = (await page.evaluate('got')) as string[];
      return got.length >= recorded.length && inPage.length >= recorded.length;
    });
    await several.restart(place);
  }
  expect(got).toEqual(recorded);
  expect(await page.evaluate('got')).toEqual(recorded);
  // Nobody was ever told to stay away.
  expect(await page.evaluate('states.every((state) => state === 0)')).toBe(true);
  expect((await streamsOf(0)) + (await streamsOf(1))).toBeGreaterThanOrEqual(2);
  source.close();
});

test('no server at all is a dropped connection, after which an EventSource comes back; a plain 502 ends it', async () => {
  test.setTimeout(120_000);
  const trapped = await startNginx({
    ports: several.ports,
    change: (config) => config.replace(/^.*error_page .*@drop;$/m, ''),
  });
  const [safe, ended] = [readWithEventSource(nginx.url + FEED), readWithEventSource(trapped.url + FEED)];
  try {
    await until('both to be connected', async () => safe.opened.length > 0 && ended.opened.length > 0);
    await Promise.all(several.servers.map((server) => server.end('SIGKILL')));
    await until('the plain 502 to end one', async () => ended.source.readyState === EventSource.CLOSED);
    expect(safe.source.readyState).not.toBe(EventSource.CLOSED);
    const response = await fetch(nginx.url + FEED, { headers: KEY }).then(
      (answer) => answer.status,
      () => 'dropped',
    );
    expect(response).toBe('dropped');
    expect(await statusOverHttp2(nginx.http2Url)).toBe('dropped');
    expect(await statusOverHttp2(trapped.http2Url)).toBe(502);
    await several.restart(0);
    await several.restart(1);
    await until('the other to be back', async () => safe.opened.length > 1);
    await record('after all were gone');
    await until('it to read on', async () => safe.got.includes('after all were gone'));
    expect(ended.source.readyState).toBe(EventSource.CLOSED);
  } finally {
    safe.source.close();
    ended.source.close();
    await trapped.stop();
  }
});

test('a 503 that a server itself answers is a dropped connection too, where it would end an EventSource', async () => {
  const starting = createServer((_, response) => response.writeHead(503).end());
  await new Promise<void>((done) => starting.listen(0, '127.0.0.1', done));
  const front = await startNginx({ ports: [(starting.address() as AddressInfo).port] });
  try {
    await expect(fetch(front.url + FEED)).rejects.toThrow();
    expect((await fetch(`${front.url}/api/v1/feed/poll`)).status).toBe(503);
  } finally {
    await front.stop();
    await new Promise((done) => starting.close(done));
  }
});
