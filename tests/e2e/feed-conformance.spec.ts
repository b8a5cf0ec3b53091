import { spawn } from 'node:child_process';
import { expect, test, type Page } from '@playwright/test';
import { ByteServer } from '../integration/feed/conformance/byte-server.ts';
import { encodedTexts, textsIn } from '../integration/feed/conformance/encoded-texts.ts';
import { TEXTS, VECTORS, isStorable, type Message } from '../integration/feed/conformance/vectors.ts';
import {
  ADMIN,
  API_KEY,
  freePort,
  removeData,
  startServer,
  until,
  WORKSPACE,
} from '../support/running-server.ts';

/** The feed as the browser's own EventSource sees it, and the built server's answers as curl does. */
const NAMES = ['message', 'test', 'hello', 'delta', 'reset', 'snapshot', 'live', 'cursor', 'goaway'];

/** Opens an EventSource in the page, which stays; `seen` is what it handed on. */
async function listen(page: Page, url: string) {
  await page.evaluate(
    ({ url: address, names }) => {
      const source = new EventSource(address);
      const seen: { event: string; data: string; id: string }[] = [];
      for (const name of names) {
        source.addEventListener(name, (event) =>
          seen.push({ event: event.type, data: event.data as string, id: event.lastEventId }),
        );
      }
      Object.assign(window, { feedSource: source, feedSeen: seen });
    },
    { url, names: NAMES },
  );
  return {
    seen: () => page.evaluate(() => (window as unknown as { feedSeen: Message[] }).feedSeen),
    /** 0 connecting, 1 open, 2 closed for good. */
    state: () =>
      page.evaluate(() => (window as unknown as { feedSource: EventSource }).feedSource.readyState),
    close: () => page.evaluate(() => (window as unknown as { feedSource: EventSource }).feedSource.close()),
  };
}

async function logIn(page: Page, base = ''): Promise<void> {
  await page.goto(`${base}/login`);
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: /log in/i }).click();
  await page.waitForURL('**/w/**');
}

const keysOf = (messages: readonly Message[]) =>
  messages
    .filter(({ event }) => event === 'delta')
    .map(({ data }) => (JSON.parse(data) as { key: string }).key);

test.describe('EventSource of Chromium', () => {
  const bytes = new ByteServer();
  const elsewhere = new ByteServer();
  test.beforeAll(() => Promise.all([bytes.start(), elsewhere.start()]));
  test.afterAll(() => {
    bytes.stop();
    elsewhere.stop();
  });

  test('reads the vectors of the web platform as the standard says', async ({ page }) => {
    await page.goto(bytes.origin);
    for (const { name, bytes: body, messages, unfinished } of VECTORS) {
      const tail = unfinished === true ? '' : 'event: live\ndata: end\n\n';
      const source = await listen(page, bytes.serve(Buffer.from(body + tail)).url);
      await expect
        .poll(async () => (await source.seen()).filter(({ event }) => event !== 'live'), { message: name })
        .toEqual(messages);
      if (unfinished !== true)
        await expect.poll(async () => (await source.seen()).at(-1)?.event).toBe('live');
      await source.close();
    }
  });

  test('reads what our encoder makes of any text as it went in', async ({ page }) => {
    await page.goto(bytes.origin);
    const source = await listen(page, bytes.serve(Buffer.concat(encodedTexts())).url);
    await expect.poll(async () => (await source.seen()).length).toBe(TEXTS.length);
    expect(textsIn(await source.seen())).toEqual(TEXTS.map(({ text }) => text));
  });

  test('comes back with our id as it was, asking no other origin for permission', async ({ page }) => {
    await page.goto(bytes.origin);
    const frames = Buffer.concat([Buffer.from('retry: 50\ndata: {}\n\n'), ...encodedTexts().slice(0, 2)]);
    const stream = elsewhere.serve(frames, { ends: true });
    const source = await listen(page, stream.url);
    await expect.poll(() => stream.requests.length).toBeGreaterThan(2);
    await source.close();
    expect(stream.requests[0]?.['last-event-id']).toBeUndefined();
    expect(stream.requests[1]?.['last-event-id']).toBe('abcd1234-2');
    expect(elsewhere.preflights).toBe(0);
  });
});

test.describe('the built server', () => {
  test('answers GET, HEAD and OPTIONS with exact headers, never compressed, before anything happens', async ({
    baseURL,
  }) => {
    const url = `${baseURL ?? ''}/api/v1/feed`;
    const authorization = `Authorization: Bearer ${API_KEY}`;
    const curl = async (...more: string[]) => {
      const args = ['-s', '-i', '--max-time', '20', '-H', authorization, '-H', 'Accept-Encoding: gzip, br'];
      const child = spawn('curl', [...args, ...more, url], { stdio: ['ignore', 'pipe', 'inherit'] });
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
        // A stream does not end, so curl is ended after the first event.
        if (/\r\n\r\n[^]*\n\n/.test(stdout)) child.kill();
      });
      const code = await new Promise<number | null>((done, fail) =>
        child.once('error', fail).once('close', done),
      );
      // Null: ended by us.
      if (code !== null && code !== 0) throw new Error(`curl ended with ${code}`);
      const [head = '', ...body] = stdout.split('\r\n\r\n');
      const [status = '', ...lines] = head.split('\r\n');
      const headers = new Map(
        lines.map((line) => {
          const [name = '', value = ''] = line.split(/: (.*)/s);
          return [name.toLowerCase(), value];
        }),
      );
      return { status: Number(status.split(' ')[1]), headers, body: body.join('\r\n\r\n') };
    };
    const get = await curl('-N');
    expect(get.status).toBe(200);
    expect(get.body).toMatch(/^retry: \d+\nid: \S+\nevent: hello\ndata: \{.*\}\n\n/);
    const head = await curl('--head');
    expect(head).toMatchObject({ status: 200, body: '' });
    for (const { headers } of [get, head]) {
      expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(headers.get('cache-control')).toBe('no-cache, no-transform');
      expect(headers.get('x-accel-buffering')).toBe('no');
      expect(headers.get('x-feed-resume')).toBe('fresh');
      for (const absent of ['content-encoding', 'access-control-allow-origin', 'etag'])
        expect(headers.has(absent)).toBe(false);
    }
    const options = await curl('-X', 'OPTIONS');
    expect(options.status).toBe(204);
    expect(options.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    expect(options.headers.has('access-control-allow-origin')).toBe(false);
    expect((await curl('-X', 'POST')).status).toBe(405);
  });

  test('ends an EventSource for good only where trying again is useless', async ({ page, browser }) => {
    const stranger = await (await browser.newContext()).newPage();
    await stranger.goto('/login');
    const refused = await listen(stranger, `/api/v1/feed?ws=${WORKSPACE}`);
    await expect.poll(refused.state).toBe(2);
    await stranger.context().close();
    await logIn(page);
    for (const query of ['ws=calls&topics=nonsense', 'ws=nobodys', '']) {
      const source = await listen(page, `/api/v1/feed?${query}`);
      await expect.poll(source.state, { message: query }).toBe(2);
    }
    const reset = await listen(page, `/api/v1/feed?ws=${WORKSPACE}&since=garbage`);
    await expect.poll(async () => (await reset.seen()).map(({ event }) => event)).toContain('live');
    expect(await reset.state()).toBe(1);
    await reset.close();
  });

  test('refuses text that cannot be stored and streams all other as it was written', async ({
    page,
    request,
  }) => {
    const record = (subject: string) =>
      request.post('/api/v1/outcomes', {
        headers: { authorization: `Bearer ${API_KEY}` },
        data: { subject, result: 'success', attributes: { text: subject.slice(0, 500) } },
      });
    await logIn(page);
    const source = await listen(page, `/api/v1/feed?ws=${WORKSPACE}&topics=outcomes`);
    await expect.poll(async () => (await source.seen())[0]?.event).toBe('hello');
    const texts = TEXTS.map(({ text }) => `x${text.slice(0, 190)}y`);
    for (const text of texts) expect((await record(text)).status()).toBe(isStorable(text) ? 201 : 422);
    const storable = texts.filter(isStorable);
    await expect.poll(async () => keysOf(await source.seen()).length).toBe(storable.length);
    const deltas = (await source.seen()).filter(({ event }) => event === 'delta');
    const written = deltas.map(({ data, id }) => {
      const { c, value } = JSON.parse(data) as { c: string; value: { subject: string; attributes: object } };
      expect(c).toBe(id);
      return value;
    });
    expect(written.map(({ subject }) => subject)).toEqual(storable);
    for (const { subject, attributes } of written) expect(attributes).toMatchObject({ text: subject });
    await source.close();
  });
});

test('an EventSource lives through restarts of the server and misses and repeats nothing', async ({
  page,
}) => {
  test.setTimeout(120_000);
  const port = await freePort();
  let server = await startServer({ port });
  const { dataDir } = server;
  try {
    await logIn(page, server.url);
    const source = await listen(page, `/api/v1/feed?ws=${WORKSPACE}&topics=outcomes`);
    await expect.poll(async () => (await source.seen())[0]?.event).toBe('hello');
    const recorded: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 10; n += 1) {
        const response = await server.api('/api/v1/outcomes', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ subject: `round ${round}, ${n}`, result: 'success', attributes: {} }),
        });
        expect(response.status).toBe(201);
        recorded.push(((await response.json()) as { items: { id: string }[] }).items[0]?.id ?? '');
      }
      if (round === 1) await server.killGroup();
      else await server.end();
      server = await startServer({ port, dataDir });
      await expect.poll(async () => keysOf(await source.seen()), { timeout: 20_000 }).toEqual(recorded);
    }
    expect(await source.state()).not.toBe(2);
  } finally {
    await server.end();
    removeData(dataDir);
  }
});

test('a server that is still starting breaks the connection of a stream rather than refuse it for good', async () => {
  const port = await freePort();
  const answers = new Set<number | string>();
  let done = false;
  const asking = (async () => {
    while (!done) {
      await fetch(`http://127.0.0.1:${port}/api/v1/feed`, {
        headers: { authorization: `Bearer ${API_KEY}`, accept: 'text/event-stream' },
      })
        .then(async (response) => {
          answers.add(response.status);
          await response.body?.cancel();
        })
        .catch((failed: Error) =>
          answers.add((failed.cause as { code?: string } | undefined)?.code ?? 'failed'),
        );
    }
  })();
  const server = await startServer({ port });
  try {
    await until('a stream', () => Promise.resolve(answers.has(200)));
  } finally {
    done = true;
    await asking;
    await server.end();
    removeData(server.dataDir);
  }
  // Refused by the kernel, then broken by us, then served.
  expect([...answers]).not.toContain(503);
  expect([...answers].some((answer) => answer === 'ECONNRESET' || answer === 'UND_ERR_SOCKET')).toBe(true);
});
