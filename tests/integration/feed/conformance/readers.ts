import { spawn } from 'node:child_process';
import { createParser } from 'eventsource-parser';
import { EventSource } from 'eventsource';
import { FEED_EVENTS } from '#lib/contracts/feed.ts';
import type { Message } from './vectors.ts';

/** Reads an address until `enough`, then goes away. Fails after ten seconds, or when the stream ends before. */
type Read = (
  url: string,
  headers: Record<string, string>,
  enough: (messages: readonly Message[]) => boolean,
) => Promise<Message[]>;

/** Real clients that scripts use. Chromium's is driven in tests/e2e/feed-conformance.spec.ts. */
export const READERS: Record<string, Read> = {
  'curl and eventsource-parser': readWithCurl,
  'npm eventsource': readWithEventSource,
  'fetch and eventsource-parser': readWithFetch,
};

const DEADLINE_MS = 10_000;
const NAMES = ['message', 'test', ...FEED_EVENTS];
const inVain = (messages: readonly Message[]) =>
  new Error(
    `In vain after ${messages.length} events; the last: ${JSON.stringify(messages.at(-1))?.slice(0, 500)}`,
  );

/** eventsource-parser gives an event's own id; the standard's `lastEventId` goes on from event to event. */
function parser(onMessage: (message: Message) => void) {
  let last = '';
  return createParser({
    onEvent({ id, event, data }) {
      last = id ?? last;
      onMessage({ event: event === undefined || event === '' ? 'message' : event, data, id: last });
    },
  });
}

function readWithCurl(
  url: string,
  headers: Record<string, string>,
  enough: Parameters<Read>[2],
): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    const messages: Message[] = [];
    const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    const child = spawn('curl', ['-sN', '--max-time', String(DEADLINE_MS / 1_000), ...given, url]);
    const reading = parser((message) => messages.push(message));
    const decoder = new TextDecoder();
    child.stdout.on('data', (chunk: Buffer) => {
      reading.feed(decoder.decode(chunk, { stream: true }));
      if (enough(messages)) child.kill();
    });
    child.once('error', reject);
    child.once('close', () => (enough(messages) ? resolve(messages) : reject(inVain(messages))));
  });
}

function readWithEventSource(
  url: string,
  headers: Record<string, string>,
  enough: Parameters<Read>[2],
): Promise<Message[]> {
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
    const timer = setTimeout(finish, DEADLINE_MS);
    for (const name of NAMES) {
      source.addEventListener(name, ({ type, data, lastEventId }: MessageEvent<string>) => {
        if (source.readyState === EventSource.CLOSED) return;
        messages.push({ event: type, data, id: lastEventId });
        if (enough(messages)) finish();
      });
    }
    // Reconnecting by itself it would see the same again.
    source.addEventListener('error', finish);
  });
}

async function readWithFetch(
  url: string,
  headers: Record<string, string>,
  enough: Parameters<Read>[2],
): Promise<Message[]> {
  const messages: Message[] = [];
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(DEADLINE_MS) });
  const reading = parser((message) => messages.push(message));
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    reading.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
    if (enough(messages)) return messages;
  }
  throw inVain(messages);
}
