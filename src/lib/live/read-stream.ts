import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { FeedProblem } from './connection.ts';
import type { FeedEnvironment } from './environment.ts';
import { askedToWaitMs } from './retry-delay.ts';

/** The server's answer was another than a stream or a page of events. */
export class UnexpectedAnswer extends Error {
  readonly problem: FeedProblem | null;
  /** How long it asked to wait, as far as that is obeyed. */
  readonly afterMs: number | null;

  constructor(response: Response) {
    super(`The feed answered ${response.status}.`);
    // Only our own word is final: something in front of the server answers for it while it is away.
    const isOurs = response.headers.get('content-type')?.startsWith(OUR_ANSWER) === true;
    this.problem = isOurs ? (PROBLEM_OF[response.status] ?? null) : null;
    this.afterMs = askedToWaitMs(response.headers);
  }
}

const OUR_ANSWER = 'application/problem+json';
const PROBLEM_OF: Record<number, FeedProblem> = {
  400: 'bad-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
};

interface Reading {
  url: string;
  headers: Record<string, string> | undefined;
  signal: AbortSignal;
  environment: Pick<FeedEnvironment, 'fetch'>;
}

async function request({ url, headers, signal, environment }: Reading, accept: string): Promise<Response> {
  const response = await environment.fetch(url, {
    headers: { accept, ...headers },
    signal,
    cache: 'no-store',
    credentials: 'same-origin',
  });
  if (response.status === 200 && response.body !== null) return response;
  await response.body?.cancel();
  throw new UnexpectedAnswer(response);
}

/**
 * Reads a stream of events to its end. `onBytes`: something came, whatever it is.
 * @throws UnexpectedAnswer, or what the network says
 */
export async function readStream(
  reading: Reading,
  on: { bytes(): void; event(message: EventSourceMessage): void },
): Promise<void> {
  const response = await request(reading, 'text/event-stream');
  const parser = createParser({
    onEvent(message) {
      if (!reading.signal.aborted) on.event(message);
    },
  });
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done || reading.signal.aborted) return;
      on.bytes();
      parser.feed(decoder.decode(chunk.value, { stream: true }));
    }
  } finally {
    // The stream may have ended by an error already, which has been told.
    await reader?.cancel().catch(() => undefined);
  }
}

/** One answer of the polling twin, as text. @throws UnexpectedAnswer, or what the network says */
export async function readPage(reading: Reading): Promise<string> {
  const response = await request(reading, 'application/json');
  return await response.text();
}

/** Adds parameters to an address that may have some. */
export function withParameters(url: string, more: Record<string, string | null>): string {
  const [path, query] = url.split('?');
  const parameters = new URLSearchParams(query);
  for (const [name, value] of Object.entries(more)) if (value !== null) parameters.set(name, value);
  return `${path}?${parameters}`;
}

/** The polling twin of a feed's address. */
export function pollAddress(url: string): string {
  const [path, query] = url.split('?');
  return `${path?.replace(/\/$/, '')}/poll${query === undefined ? '' : `?${query}`}`;
}
