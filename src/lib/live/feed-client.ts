import type { EventSourceMessage } from 'eventsource-parser';
import type { Delta, FeedType, FeedValues, Reset, Snapshot } from '#lib/contracts/feed.ts';
import {
  afterEvent,
  initialConnection,
  isConnected,
  stateOf,
  type Connection,
  type ConnectionEvent,
  type FeedProblem,
  type FeedState,
  type Phase,
} from './connection.ts';
import { isKnown, seqOf } from './cursor.ts';
import { callSafely, feedEnvironment, type FeedEnvironment } from './environment.ts';
import { EventBus } from './event-bus.ts';
import { pollAddress, readPage, readStream, UnexpectedAnswer, withParameters } from './read-stream.ts';
import { POLL_PATIENCE_MS } from './retry-delay.ts';
import type { Goaway, Hello, OpenStream, PollPage } from './wire.ts';

export type { Delta, FeedTopic, FeedType, FeedValues, Reset, Snapshot } from '#lib/contracts/feed.ts';
export type { FeedProblem, FeedState } from './connection.ts';
export { feedEnvironment, type FeedEnvironment } from './environment.ts';

export interface FeedHandlers {
  /** In the order of the feed, each exactly once while this client lives. */
  onDelta?(delta: Delta): void;
  /** History is gone: what you hold is worth nothing. Snapshots (when asked for) and deltas after `reset.head` follow. */
  onReset?(reset: Reset): void;
  /** What there is, part by part, as of the `live` that follows. Asked for when this is given. */
  onSnapshot?(snapshot: Snapshot): void;
  /** The state, or with it the time of the next attempt, is another. */
  onState?(state: FeedState): void;
  /** Every sign of life of the server. */
  onAlive?(): void;
  /** The server ended the stream with a word. */
  onGoaway?(reason: string): void;
}

export interface FeedClientOptions {
  /** Address of the feed, as in `https://example.org/api/v1/feed`; may carry parameters of its own. */
  url: string;
  /** All when left out. */
  topics?: readonly string[];
  /** Ids of the patterns that the topic `patterns` is to be about; all when left out. */
  patterns?: readonly string[];
  /** Cursor to continue from; without it the feed starts at its head. */
  since?: string | null;
  headers?: Record<string, string>;
  /** Default: `auto` (after a reset) when there is a handler for snapshots, else `never`. `always`: at the start too. */
  snapshot?: 'auto' | 'always' | 'never';
  /** Seconds without a sign of life that end a stream; default 2.5 of the server's beats. */
  silenceSeconds?: number;
  handlers?: FeedHandlers;
  environment?: Partial<FeedEnvironment>;
}

const HELLO_DEADLINE_MS = 5_000;
const SILENT_BEATS = 2.5;
const DEFAULT_BEAT_S = 15;
/** A page this full was probably cut. */
const FULL_PAGE = { events: 32, characters: 32_000 };
const PULSE_MS = 5_000;
/** Pulses this far apart mean that the machine slept; timers of hidden pages are up to a minute late. */
const SLEPT_MS = 90_000;

/**
 * A client of Telltale's feed for browsers and scripts: one connection at a time, resumed after every loss without a
 * gap and without repeats; polls where streams do not get through. Needs only `fetch` and eventsource-parser.
 */
export class FeedClient {
  readonly #options: FeedClientOptions;
  readonly #environment: FeedEnvironment;
  readonly #bus = new EventBus();
  #connection: Connection = initialConnection;
  #cursor: string | null;
  #shown: { state: FeedState; until: number | null } = { state: 'off', until: null };
  #retryAt: number | null = null;
  #lastConnected: number | null = null;
  #received = 0;
  /** The snapshot at the start has come, whole. */
  #hasBegun = false;
  /** Ends what the present phase has going on. */
  #abort: AbortController | null = null;
  #stopPulse: (() => void) | null = null;

  constructor(options: FeedClientOptions) {
    this.#options = options;
    this.#environment = { ...feedEnvironment, ...options.environment };
    this.#cursor = options.since ?? null;
  }

  get state(): FeedState {
    return this.#shown.state;
  }
  get isConnected(): boolean {
    return isConnected(this.#shown.state);
  }
  /** When the last connection was made; milliseconds since 1970. */
  get lastConnected(): number | null {
    return this.#lastConnected;
  }
  get transport(): 'stream' | 'poll' | null {
    const { phase, renewing } = this.#connection;
    if (phase.kind === 'streaming' || renewing !== null) return 'stream';
    return this.#shown.state === 'polling' ? 'poll' : null;
  }
  /** Continue from here another time. */
  get cursor(): string | null {
    return this.#cursor;
  }
  get problem(): FeedProblem | null {
    const { phase } = this.#connection;
    return phase.kind === 'off' ? phase.problem : null;
  }
  /** When the next attempt is made; milliseconds since 1970. */
  get retryAt(): number | null {
    return this.#retryAt;
  }
  /** Deltas handed out. */
  get received(): number {
    return this.#received;
  }

  /** Starts, or starts anew from where it was. */
  connect(): void {
    this.#take({ type: 'start' });
    this.#stopPulse?.();
    this.#pulse(this.#environment.now());
  }

  /** Ends the connection and every timer; `connect` continues from the same place. */
  disconnect(): void {
    this.#take({ type: 'stop' });
  }

  /** Tries at once when waiting; for "try now", for the browser's `online`, and when a tab comes to the front. */
  reconnect(): void {
    this.#take({ type: 'try-now' });
  }

  /** The network is known to be gone: ends the connection rather than waiting for silence. */
  wentOffline(): void {
    this.#take({ type: 'offline' });
  }

  /** Hears events of one type, without those that a newer version has overtaken. Returns the way to stop. */
  subscribe<T extends FeedType>(type: T, handler: (value: FeedValues[T], delta: Delta) => void): () => void {
    return this.#bus.on(type, handler);
  }

  unsubscribe<T extends FeedType>(type: T, handler: (value: FeedValues[T], delta: Delta) => void): void {
    this.#bus.off(type, handler);
  }

  #take(event: ConnectionEvent): void {
    const { elapsed, random } = this.#environment;
    const before = this.#connection;
    this.#connection = afterEvent(before, event, { now: elapsed(), random: random() });
    const { phase } = this.#connection;
    if (phase !== before.phase) {
      const goesOn = before.phase.kind === 'opening' && phase.kind === 'streaming';
      if (!goesOn) this.#abort?.abort();
      this.#retryAt =
        phase.kind === 'waiting' ? this.#environment.now() + Math.max(0, phase.until - elapsed()) : null;
      if (phase.kind === 'streaming') this.#lastConnected = this.#environment.now();
    }
    this.#announce();
    // A handler of the state may have taken another turn.
    if (phase !== before.phase && phase === this.#connection.phase) this.#begin(phase);
  }

  #announce(): void {
    const { phase } = this.#connection;
    const state = stateOf(this.#connection, this.#environment.online());
    const until = phase.kind === 'waiting' && !isConnected(state) ? phase.until : null;
    if (state === this.#shown.state && until === this.#shown.until) return;
    this.#shown = { state, until };
    callSafely(() => this.#options.handlers?.onState?.(state));
  }

  #begin(phase: Phase): void {
    if (phase.kind === 'off') {
      this.#stopPulse?.();
      this.#stopPulse = null;
    } else if (phase.kind === 'waiting') {
      const abort = (this.#abort = new AbortController());
      const ms = Math.max(0, phase.until - this.#environment.elapsed());
      abort.signal.addEventListener(
        'abort',
        this.#environment.setTimer(() => this.#take({ type: 'woke' }), ms),
      );
    } else if (phase.kind === 'opening') void this.#stream((this.#abort = new AbortController()));
    else if (phase.kind === 'asking') void this.#poll((this.#abort = new AbortController()), phase.waitMs);
  }

  async #stream({ signal }: AbortController): Promise<void> {
    const stream: OpenStream = { silentMs: null, headSeq: 0 };
    const watchdog = this.#watchdog(signal, () => this.#take({ type: 'lost', how: 'mute' }));
    watchdog(HELLO_DEADLINE_MS);
    const bytes = () => {
      if (stream.silentMs !== null) watchdog(stream.silentMs);
    };
    try {
      await readStream(this.#reading(signal, this.#options.url, {}), {
        bytes,
        event: (message) => {
          this.#onEvent(message, stream);
          bytes();
        },
      });
      if (!signal.aborted) this.#take({ type: 'lost', how: 'network' });
    } catch (thrown) {
      // Whatever ended it (network, a frame that does not parse), the answer is to resume, unless it was a no.
      if (signal.aborted) return;
      const answer = thrown instanceof UnexpectedAnswer ? thrown : null;
      if (answer !== null && answer.problem !== null)
        this.#take({ type: 'refused', problem: answer.problem });
      else this.#take({ type: 'lost', how: 'network', afterMs: answer?.afterMs ?? null });
    }
  }

  async #poll({ signal }: AbortController, waitMs: number): Promise<void> {
    const patience = this.#watchdog(signal, () => this.#take({ type: 'poll-failed' }));
    patience(waitMs + POLL_PATIENCE_MS);
    try {
      const url = pollAddress(this.#options.url);
      const text = await readPage(this.#reading(signal, url, { wait: String(waitMs / 1_000) }));
      if (signal.aborted) return;
      const page = JSON.parse(text) as PollPage;
      this.#onPage(page, signal);
      if (signal.aborted) return;
      const isFull = page.events.length >= FULL_PAGE.events || text.length >= FULL_PAGE.characters;
      // A snapshot comes only with an answer that is whole.
      const more = isFull && page.snapshot === undefined;
      this.#take({ type: 'answered', streaming: page.streaming !== false, more });
    } catch (thrown) {
      if (signal.aborted) return;
      const answer = thrown instanceof UnexpectedAnswer ? thrown : null;
      if (answer?.problem === 'unauthenticated' || answer?.problem === 'forbidden')
        this.#take({ type: 'refused', problem: answer.problem });
      else this.#take({ type: 'poll-failed', afterMs: answer?.afterMs ?? null });
    }
  }

  #reading(signal: AbortSignal, url: string, more: Record<string, string>) {
    const { topics, patterns, headers, snapshot, handlers } = this.#options;
    const wish = snapshot ?? (handlers?.onSnapshot === undefined ? 'never' : 'auto');
    return {
      url: withParameters(url, {
        topics: listed(topics),
        patterns: listed(patterns),
        since: this.#cursor,
        snapshot: wish === 'always' && this.#hasBegun ? 'auto' : wish,
        ...more,
      }),
      headers,
      signal,
      environment: this.#environment,
    };
  }

  #onEvent(message: EventSourceMessage, stream: OpenStream): void {
    const data: unknown = JSON.parse(message.data);
    if (typeof data !== 'object' || data === null) return;
    this.#alive();
    const event = message.event ?? 'message';
    if (event === 'hello') this.#onHello(data as Hello, stream);
    else if (event === 'goaway') return this.#onGoaway(data as Goaway);
    else if (event === 'reset') {
      stream.headSeq = Infinity;
      this.#onReset(data as Reset);
    } else if (event === 'snapshot') this.#onSnapshot(data as Snapshot);
    else if ('topic' in data && 'type' in data && 'c' in data) this.#onDelta(data as Delta);
    // Never earlier than the events before it were handled: a cut in between must bring them again.
    if (message.id !== undefined && message.id !== '') this.#cursor = message.id;
    if (event === 'cursor') this.#take({ type: 'beat' });
    if (event === 'live') {
      this.#hasBegun = true;
      this.#take({ type: 'caught-up' });
    } else if (!this.#connection.caughtUp && seqOf(this.#cursor ?? '') >= stream.headSeq)
      this.#take({ type: 'caught-up' });
  }

  #onHello(hello: Hello, stream: OpenStream): void {
    const silentMs = (this.#options.silenceSeconds ?? SILENT_BEATS * (hello.hb ?? DEFAULT_BEAT_S)) * 1_000;
    stream.silentMs = silentMs;
    const missed = hello.resume === 'ok' && hello.from !== null && seqOf(hello.from) < seqOf(hello.head);
    // What ends a reset is its `live`, not a place in the sequence.
    stream.headSeq = hello.resume === 'reset' ? Infinity : seqOf(hello.head);
    this.#take({ type: 'hello', behind: missed || hello.resume === 'reset' });
  }

  #onGoaway({ reason, retry }: Goaway): void {
    callSafely(() => this.#options.handlers?.onGoaway?.(reason ?? ''));
    this.#take({ type: 'goaway', reason: reason ?? '', afterMs: retry ?? 1_000 });
  }

  #onReset(reset: Reset): void {
    this.#take({ type: 'behind' });
    this.#bus.forget();
    callSafely(() => this.#options.handlers?.onReset?.(reset));
  }

  #onSnapshot(snapshot: Snapshot): void {
    callSafely(() => this.#options.handlers?.onSnapshot?.(snapshot));
  }

  #onDelta(delta: Delta): void {
    if (isKnown(delta.c, this.#cursor)) return;
    this.#received += 1;
    callSafely(() => this.#options.handlers?.onDelta?.(delta));
    this.#bus.dispatch(delta);
  }

  #onPage(page: PollPage, signal: AbortSignal): void {
    this.#alive();
    if (page.reset !== undefined) {
      this.#onReset(page.reset);
      this.#cursor = page.reset.head;
    }
    for (const delta of page.events) {
      if (signal.aborted) return;
      this.#onDelta(delta);
      this.#cursor = delta.c;
    }
    for (const snapshot of page.snapshot ?? []) this.#onSnapshot(snapshot);
    this.#hasBegun ||= page.snapshot !== undefined;
    this.#cursor = page.to;
  }

  #alive(): void {
    callSafely(() => this.#options.handlers?.onAlive?.());
  }

  /** Acts when it is not told to wait longer in time: a dead route gives no error. */
  #watchdog(signal: AbortSignal, onSilence: () => void): (ms: number) => void {
    let cancel: () => void = () => undefined;
    signal.addEventListener('abort', () => cancel());
    return (ms) => {
      cancel();
      if (!signal.aborted) cancel = this.#environment.setTimer(onSilence, ms);
    };
  }

  /** Notices that the machine slept: its connections are dead, and no timer has run to find out. */
  #pulse(last: number): void {
    this.#stopPulse = this.#environment.setTimer(() => {
      const now = this.#environment.now();
      this.#pulse(now);
      if (now - last > SLEPT_MS) this.#take({ type: 'slept' });
    }, PULSE_MS);
  }
}

const listed = (names: readonly string[] | undefined): string | null =>
  names === undefined || names.length === 0 ? null : names.join(',');
