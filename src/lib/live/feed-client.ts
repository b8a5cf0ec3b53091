import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Delta } from '#lib/contracts/feed.ts';
import { retryDelayMs } from './retry-delay.ts';

/** See SPEC.md for what each state means and how one becomes another. */
export type FeedState = 'off' | 'connecting' | 'catching-up' | 'live' | 'reconnecting' | 'offline';

/** Why the feed will not try again by itself. */
export type FeedProblem = 'bad-request' | 'unauthenticated' | 'forbidden' | 'not-found' | 'refused';

export interface FeedReset {
  reason: string;
  /** Everything up to this cursor is to be read anew. */
  head: string;
}

export interface FeedHandlers {
  /** In the order of the feed, each exactly once while this client lives. */
  onDelta(delta: Delta): void;
  /** History is gone: read everything again. Deltas after `reset.head` follow. */
  onReset?(reset: FeedReset): void;
  /** The state, or with it the time of the next attempt, is another. */
  onState?(state: FeedState): void;
  /** Every sign of life of the server. */
  onAlive?(): void;
}

/** The outside world, replaced in tests. */
export interface FeedEnvironment {
  fetch: typeof fetch;
  now(): number;
  random(): number;
  /** Returns the way to cancel. */
  setTimer(act: () => void, ms: number): () => void;
  online(): boolean;
}

export interface FeedClientOptions {
  /** Address of the feed, as in `https://example.org/api/v1/feed`; may carry parameters of its own. */
  url: string;
  /** All when left out. */
  topics?: readonly string[];
  /** Cursor to continue from; without it the feed starts at its head. */
  since?: string | null;
  headers?: Record<string, string>;
  handlers: FeedHandlers;
  environment?: Partial<FeedEnvironment>;
}

const HELLO_DEADLINE_MS = 5_000;
const SILENT_BEATS = 2.5;
const DEFAULT_BEAT_S = 15;

const PROBLEM_OF: Record<number, FeedProblem> = {
  400: 'bad-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
};

export const feedEnvironment: FeedEnvironment = {
  fetch: (...parameters) => fetch(...parameters),
  now: () => Date.now(),
  random: () => Math.random(),
  setTimer(act, ms) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  online: () => !('navigator' in globalThis) || globalThis.navigator.onLine !== false,
};

/** How an attempt ended. `afterMs`: the server said when to come back. */
type Ending =
  { kind: 'lost'; afterMs: number | null } | { kind: 'refused'; problem: FeedProblem } | { kind: 'stopped' };

const seqOf = (cursor: string): number => Number(cursor.slice(cursor.lastIndexOf('-') + 1));
const epochOf = (cursor: string): string => cursor.slice(0, cursor.lastIndexOf('-'));

/**
 * A client of Telltale's feed for browsers and scripts: one connection at a time, resumed after every loss without a
 * gap and without repeats. Needs only `fetch` and eventsource-parser.
 */
export class FeedClient {
  readonly #options: FeedClientOptions;
  readonly #environment: FeedEnvironment;
  #state: FeedState = 'off';
  #cursor: string | null;
  #problem: FeedProblem | null = null;
  #retryAt: number | null = null;
  #failures = 0;
  /** One per life between start and stop; a loop whose number is no longer this one ends. */
  #life = 0;
  #abort: AbortController | null = null;
  #skipWait: (() => void) | null = null;

  constructor(options: FeedClientOptions) {
    this.#options = options;
    this.#environment = { ...feedEnvironment, ...options.environment };
    this.#cursor = options.since ?? null;
  }

  get state(): FeedState {
    return this.#state;
  }
  /** Continue from here another time. */
  get cursor(): string | null {
    return this.#cursor;
  }
  get problem(): FeedProblem | null {
    return this.#problem;
  }
  /** When the next attempt is made; milliseconds since 1970. */
  get retryAt(): number | null {
    return this.#retryAt;
  }

  start(): void {
    this.stop();
    this.#problem = null;
    this.#failures = 0;
    void this.#run(this.#life);
  }

  stop(): void {
    this.#life += 1;
    this.#abort?.abort();
    this.#skipWait?.();
    this.#setState('off');
  }

  /** Tries at once when waiting; for "try now", for the browser's `online`, and when a tab comes to the front. */
  reconnect(): void {
    this.#failures = 0;
    this.#skipWait?.();
  }

  /** The network is known to be gone: ends the connection rather than waiting for silence. */
  wentOffline(): void {
    this.#abort?.abort();
  }

  async #run(life: number): Promise<void> {
    this.#setState('connecting');
    while (life === this.#life) {
      const ending = await this.#attempt(life);
      if (life !== this.#life || ending.kind === 'stopped') return;
      if (ending.kind === 'refused') {
        this.#problem = ending.problem;
        this.#setState('off');
        return;
      }
      const delayMs = ending.afterMs ?? retryDelayMs(this.#failures, this.#environment.random());
      this.#failures += 1;
      this.#retryAt = this.#environment.now() + delayMs;
      this.#state = this.#environment.online() ? 'reconnecting' : 'offline';
      this.#announce();
      await this.#wait(delayMs);
      this.#retryAt = null;
      if (life === this.#life) this.#announce();
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        cancel();
        this.#skipWait = null;
        resolve();
      };
      const cancel = this.#environment.setTimer(finish, ms);
      this.#skipWait = finish;
    });
  }

  async #attempt(life: number): Promise<Ending> {
    const abort = new AbortController();
    this.#abort = abort;
    const watchdog = this.#watchdog(() => abort.abort());
    try {
      const response = await this.#environment.fetch(this.#address(), {
        headers: { accept: 'text/event-stream', ...this.#options.headers },
        signal: abort.signal,
        cache: 'no-store',
        credentials: 'same-origin',
      });
      if (response.status !== 200 || response.body === null) return await refusal(response);
      const stream = new StreamReading();
      const parser = createParser({ onEvent: (event) => this.#onEvent(event, stream) });
      const decoder = new TextDecoder();
      for await (const chunk of chunksOf(response.body)) {
        if (life !== this.#life) return { kind: 'stopped' };
        watchdog.feed((stream.beatMs ?? HELLO_DEADLINE_MS / SILENT_BEATS) * SILENT_BEATS);
        parser.feed(decoder.decode(chunk, { stream: true }));
        if (stream.beatMs !== null) watchdog.feed(stream.beatMs * SILENT_BEATS);
        if (stream.goawayMs !== null) break;
      }
      if (stream.goawayMs !== null) this.#failures = 0;
      return { kind: 'lost', afterMs: stream.goawayMs };
    } catch {
      // Whatever ended it (network, abort, a frame that does not parse), the answer is to resume.
      return life === this.#life ? { kind: 'lost', afterMs: null } : { kind: 'stopped' };
    } finally {
      watchdog.stop();
      abort.abort();
    }
  }

  #address(): string {
    const { url, topics } = this.#options;
    const [path, query] = url.split('?');
    const parameters = new URLSearchParams(query);
    if (topics !== undefined && topics.length > 0) parameters.set('topics', topics.join(','));
    if (this.#cursor !== null) parameters.set('since', this.#cursor);
    return `${path}?${parameters}`;
  }

  #onEvent(message: EventSourceMessage, stream: StreamReading): void {
    const data: unknown = JSON.parse(message.data);
    if (typeof data !== 'object' || data === null) return;
    this.#call(() => this.#options.handlers.onAlive?.());
    const event = message.event ?? 'message';
    if (event === 'hello') this.#onHello(data as Hello, stream);
    else if (event === 'goaway') stream.goawayMs = (data as { retry?: number }).retry ?? 1_000;
    else if (event === 'reset') {
      const reset = data as FeedReset;
      this.#call(() => this.#options.handlers.onReset?.({ reason: reset.reason, head: reset.head }));
    } else if ('topic' in data && 'type' in data && 'c' in data) this.#onDelta(data as Delta);
    // Never earlier than the events before it were handled: a cut in between must bring them again.
    if (message.id !== undefined && message.id !== '') this.#cursor = message.id;
    if (event === 'cursor' || event === 'live') this.#caughtUp();
    else if (this.#state === 'catching-up' && this.#cursor !== null && seqOf(this.#cursor) >= stream.headSeq)
      this.#caughtUp();
  }

  #onHello(hello: Hello, stream: StreamReading): void {
    stream.beatMs = (hello.hb ?? DEFAULT_BEAT_S) * 1_000;
    stream.headSeq = seqOf(hello.head);
    if (hello.resume === 'ok' && hello.from !== null && seqOf(hello.from) < stream.headSeq)
      this.#setState('catching-up');
    else if (hello.resume === 'reset') this.#setState('catching-up');
    else this.#caughtUp();
  }

  #onDelta(delta: Delta): void {
    const known = this.#cursor;
    if (known !== null && epochOf(known) === epochOf(delta.c) && seqOf(delta.c) <= seqOf(known)) return;
    this.#call(() => this.#options.handlers.onDelta(delta));
  }

  #caughtUp(): void {
    this.#failures = 0;
    this.#setState('live');
  }

  /** A handler that throws is reported as uncaught; the feed goes on, so one broken panel does not stop the others. */
  #call(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  #setState(state: FeedState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#announce();
  }

  #announce(): void {
    this.#call(() => this.#options.handlers.onState?.(this.#state));
  }

  /** Ends the connection when nothing is heard for too long: a dead route gives no error. */
  #watchdog(onSilence: () => void): { feed(ms: number): void; stop(): void } {
    let cancel = this.#environment.setTimer(onSilence, HELLO_DEADLINE_MS);
    return {
      feed: (ms) => {
        cancel();
        cancel = this.#environment.setTimer(onSilence, ms);
      },
      stop: () => cancel(),
    };
  }
}

interface Hello {
  resume: 'ok' | 'reset' | 'fresh';
  from: string | null;
  head: string;
  hb?: number;
}

/** What is known of the connection that is open. */
class StreamReading {
  beatMs: number | null = null;
  headSeq = 0;
  goawayMs: number | null = null;
}

async function refusal(response: Response): Promise<Ending> {
  await response.body?.cancel();
  if (response.status === 204) return { kind: 'refused', problem: 'refused' };
  const problem = PROBLEM_OF[response.status];
  if (problem !== undefined) return { kind: 'refused', problem };
  const seconds = Number(response.headers.get('retry-after'));
  return { kind: 'lost', afterMs: seconds > 0 ? seconds * 1_000 : null };
}

/** Not every browser can iterate a stream. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
