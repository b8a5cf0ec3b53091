import { spawn } from 'node:child_process';
import { createParser } from 'eventsource-parser';
import { EventSource } from 'eventsource';
import { FEED_EVENTS } from '#lib/contracts/feed.ts';
import type { Message } from './vectors.ts';

interface Reading {
  url: string;
  headers?: Record<string, string>;
  enough: (messages: readonly Message[]) => boolean;
  /** Ten seconds when left out. */
  deadlineMs?: number;
}

/** Reads until it is enough and then goes away. @throws at the deadline, or when the stream ended for good before */
type Read = (reading: Reading) => Promise<Message[]>;

/** Real clients that scripts use. Chromium's is driven in tests/e2e/feed-conformance.spec.ts. */
export const READERS = {
  'curl and eventsource-parser': readWithCurl,
  'npm eventsource': readWithEventSource,
  'fetch and eventsource-parser': readWithFetch,
} satisfies Record<string, Read>;

const DEADLINE_MS = 30_000;
const NAMES = ['message', 'test', ...FEED_EVENTS];
const inVain = (messages: readonly Message[]) =>
  new Error(
    `In vain after ${messages.length} events; the last: ${JSON.stringify(messages.at(-1))?.slice(0, 500)}`,
  );

/** eventsource-parser gives an event's own id; the standard's `lastEventId` goes on from event to event. */
function parser(onMessage: (message: Message) => void) {
  const decoder = new TextDecoder();
  let last = '';
  const parsing = createParser({
    onEvent({ id, event, data }) {
      last = id ?? last;
      onMessage({ event: event === undefined || event === '' ? 'message' : event, data, id: last });
    },
  });
  return { feed: (chunk: Uint8Array) => parsing.feed(decoder.decode(chunk, { stream: true })) };
}

function readWithCurl({ url, headers = {}, enough, deadlineMs = DEADLINE_MS }: Reading): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    const messages: Message[] = [];
    const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    const child = spawn('curl', ['-sN', '--max-time', String(deadlineMs / 1_000), ...given, url]);
    const reading = parser((message) => messages.push(message));
    child.stdout.on('data', (chunk: Buffer) => {
      reading.feed(chunk);
      if (enough(messages)) child.kill();
    });
    child.once('error', reject);
    child.once('close', () => (enough(messages) ? resolve(messages) : reject(inVain(messages))));
  });
}

/** Reconnects by itself, as it does for everybody. */
function readWithEventSource({
  url,
  headers = {},
  enough,
  deadlineMs = DEADLINE_MS,
}: Reading): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    const messages: Message[] = [];
    const source = new EventSource(url, {
      fetch: (address, init) => fetch(address, { ...init, headers: { ...init.headers, ...headers } }),
    });
    const finish = () => {
      source.close();
      clearTimeout(timer);
      if (enough(messages)) resolve(messages);
      else reject(inVain(messages));
    };
    const timer = setTimeout(finish, deadlineMs);
    for (const name of NAMES) {
      source.addEventListener(name, ({ type, data, lastEventId }: MessageEvent<string>) => {
        if (source.readyState === EventSource.CLOSED) return;
        messages.push({ event: type, data, id: lastEventId });
        if (enough(messages)) finish();
      });
    }
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) finish();
    });
  });
}

async function readWithFetch({
  url,
  headers = {},
  enough,
  deadlineMs = DEADLINE_MS,
}: Reading): Promise<Message[]> {
  const messages: Message[] = [];
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(deadlineMs) });
  const reading = parser((message) => messages.push(message));
  const body = response.body?.getReader();
  for (let part = await body?.read(); part?.done === false; part = await body?.read()) {
    reading.feed(part.value);
    if (!enough(messages)) continue;
    await body?.cancel();
    return messages;
  }
  throw inVain(messages);
}
