import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCursor } from '#lib/server/event-log/index.ts';
import { controlFrame } from '#lib/server/feed/encode.ts';
import { appendNotes } from '../../event-log/support.ts';
import { startFeedServer, type FeedServer, type Key } from '../feed-server.ts';
import { ByteServer } from './byte-server.ts';
import { READERS } from './readers.ts';
import { encodedTexts, textsIn } from './encoded-texts.ts';
import { isStorable, TEXTS, VECTORS, type Message } from './vectors.ts';

/** Groups 3 and 4 of the specification: whatever an event holds, every client gets the same event, data and id. */
const readers = Object.entries(READERS);

const bytes = new ByteServer();
beforeAll(() => bytes.start());
afterAll(() => bytes.stop());

/** One line of data with one JSON object, and nothing in it that any reader could take for the end of a line. */
function expectStrict(frame: Buffer): void {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(frame);
  expect(text.endsWith('\n\n')).toBe(true);
  // Among them all that Python's str.splitlines() splits at.
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  const lines = text.slice(0, -2).split('\n');
  expect(lines.filter((line) => line.startsWith('data: '))).toHaveLength(1);
  for (const line of lines)
    expect(line).toMatch(/^(retry: \d+|id: [a-z0-9]{4,16}-\d{1,16}|event: [a-z_]+|data: \{.*\})$/);
}

/** Tells that everything before it was handed on. */
const END = { event: 'live' };
const END_FRAME = Buffer.from('event: live\ndata: end\n\n');

/** Where a reader differs from the standard. Our frames do not need it: each that a cursor is read from has its own id. */
const DIFFERENT: Record<string, Record<string, Message[]>> = {
  'npm eventsource': {
    'format-field-id-2': [
      { event: 'message', data: 'x', id: '7' },
      { event: 'message', data: 'y', id: '' },
    ],
    'format-field-id-null': [
      { event: 'message', data: 'x', id: '7' },
      { event: 'message', data: 'y', id: '' },
    ],
  },
};

describe.each(readers)('a reader that we rely on: %s', (client, read) => {
  it.each(VECTORS)('$name', async ({ name, bytes: body, messages, unfinished }) => {
    const tail = unfinished === true ? Buffer.alloc(0) : END_FRAME;
    const { url } = bytes.serve(Buffer.concat([Buffer.from(body), tail]));
    const seen = await read({
      url,
      enough: (all) =>
        unfinished === true ? all.length === messages.length : all.at(-1)?.event === END.event,
    });
    expect(seen.filter((message) => message.event !== END.event)).toEqual(
      DIFFERENT[client]?.[name] ?? messages,
    );
  });
});

describe('what the encoder makes of any text', () => {
  const frames = encodedTexts();

  it('is one line of data that no reader splits', () => {
    frames.forEach(expectStrict);
    for (const { text } of TEXTS) {
      expectStrict(controlFrame({ event: 'goaway', data: { reason: text }, retry: 5 }));
    }
  });

  it.each(readers)('comes back from %s as it went in, with its name and id', async (_, read) => {
    const { url } = bytes.serve(Buffer.concat(frames));
    const seen = await read({ url, enough: (all) => all.length === TEXTS.length });
    expect(textsIn(seen)).toEqual(TEXTS.map(({ text }) => text));
  });
});

describe('through the outbox and the running feed', () => {
  const storable = TEXTS.filter(({ text }) => isStorable(text));
  let server: FeedServer;
  let key: Key;
  let start: string;

  beforeAll(async () => {
    server = await startFeedServer();
    const workspace = await server.addWorkspace('one');
    key = await server.addKey(workspace);
    start = await readCursor(server.db.sql);
    for (const { name, text } of storable)
      await appendNotes(server.db.sql, workspace.id, [name], { value: { id: text } });
    server.doorbell.ringFeed();
  });
  afterAll(() => server.stop());

  it.each(readers)('%s gets every text as it was written', async (_, read) => {
    const headers = { authorization: `Bearer ${key.token}` };
    const deltas = (all: readonly Message[]) => all.filter((message) => message.event === 'delta');
    const seen = await read({
      url: `${server.url}?since=${start}`,
      headers,
      enough: (all) => deltas(all).length === storable.length,
    });
    const got = deltas(seen).map(({ data, id }) => {
      const delta = JSON.parse(data) as { c: string; key: string; value: { id: string } };
      expect(delta.c).toBe(id);
      return { name: delta.key, text: delta.value.id };
    });
    expect(got).toEqual(storable);
  });
});
