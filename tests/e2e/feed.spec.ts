import { spawn } from 'node:child_process';
import { expect, test } from '@playwright/test';
import { createParser } from 'eventsource-parser';
import { API_KEY, until } from '../support/running-server.ts';

/** The feed as scripts read it: the real curl against the built server. */
const EVENTS = 200;

interface Read {
  id: string | undefined;
  event: string | undefined;
  data: string;
}

/** Reads with curl until `enough` says so, then ends curl. */
function curl(url: string, headers: string[], enough: (events: readonly Read[]) => boolean): Promise<Read[]> {
  return new Promise((done, fail) => {
    const events: Read[] = [];
    const child = spawn('curl', [
      '-sN',
      '--max-time',
      '20',
      ...headers.flatMap((header) => ['-H', header]),
      url,
    ]);
    const parser = createParser({
      onEvent({ id, event, data }) {
        events.push({ id, event, data });
        if (enough(events)) child.kill();
      },
    });
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => parser.feed(text));
    child.once('error', fail);
    child.once('close', () => {
      if (enough(events)) done(events);
      else fail(new Error(`curl ended after ${events.length} events: ${JSON.stringify(events.at(-1))}`));
    });
  });
}

test('curl resumes after each of 200 events and misses and repeats nothing', async ({ baseURL, request }) => {
  test.setTimeout(180_000);
  const url = `${baseURL ?? ''}/api/v1/feed?topics=outcomes`;
  const key = `Authorization: Bearer ${API_KEY}`;
  const [hello] = await curl(url, [key], (events) => events.length > 0);
  expect(hello?.event).toBe('hello');
  const from = hello?.id ?? '';
  const recorded: string[] = [];
  for (let i = 0; i < EVENTS; i += 1) {
    const response = await request.post('/api/v1/outcomes', {
      headers: { authorization: `Bearer ${API_KEY}` },
      data: {
        subject: `feed ${i}`,
        result: i % 2 === 0 ? 'success' : 'failure',
        attributes: { wave: 'feed' },
      },
    });
    expect(response.status()).toBe(201);
    recorded.push(((await response.json()) as { items: { id: string }[] }).items[0]?.id ?? '');
  }
  const deltasOf = (events: readonly Read[]) => events.filter(({ event }) => event === 'delta');
  const all = await until('all 200 events', async () =>
    deltasOf(await curl(url, [key, `Last-Event-ID: ${from}`], (events) => deltasOf(events).length >= EVENTS)),
  );
  expect(all.map(({ data }) => (JSON.parse(data) as { key: string }).key)).toEqual(recorded);
  const ids = all.map(({ id }) => id ?? '');
  expect(new Set(ids).size).toBe(EVENTS);
  for (let k = 0; k < EVENTS - 1; k += 1) {
    const rest = await curl(
      url,
      [key, `Last-Event-ID: ${ids[k] ?? ''}`],
      (events) => deltasOf(events).at(-1)?.id === ids.at(-1),
    );
    expect(deltasOf(rest).map(({ id }) => id)).toEqual(ids.slice(k + 1));
    expect(rest[0]).toMatchObject({ event: 'hello', id: ids[k] });
  }
});
