import type { Delta, Snapshot } from '#lib/contracts/feed.ts';

export type Gate =
  /** Everything gets through. */
  | 'open'
  /** Connections are refused. */
  | 'down'
  /** Connections are swallowed: no answer, no error. */
  | 'hole'
  /** Answers that end get through; a stream is held back. */
  | 'buffering'
  /** Streams are cut at once, polls get through. */
  | 'no-streams';

interface Stream {
  user: string;
  key: string;
  closed: boolean;
  send(text: string): void;
  /** Lets through what a gate held back. */
  release(): void;
  fail(): void;
  close(): void;
}

const frame = (event: string, data: object, id?: string) =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** The feed's server as the protocol describes it, in memory, behind a gate that tests open and shut. */
export class ModelServer {
  streaming = true;
  /** Who is logged in, by the browser's cookie. */
  user: string | null = 'ana';
  /** Something in front of the server answers everything with this status. */
  interloper: number | null = null;
  epoch = 'ep0a';
  head = 0;
  /** Events at or before it are gone. */
  oldest = 0;
  /** Cursors of events that are not for these readers, in whatever history. */
  readonly elsewhere = new Set<string>();
  /** What there is, told to those who ask for it. */
  snapshot: Snapshot[] = [];
  /** What an event is about, when it matters. */
  eventAt: (seq: number) => Partial<Delta> = () => ({});
  streams: Stream[] = [];
  /** Polls that were answered. */
  polls = 0;
  pollsUnderWay = 0;
  mostPollsUnderWay = 0;
  readonly asked: URL[] = [];
  #gate: Gate = 'open';

  get gate(): Gate {
    return this.#gate;
  }
  set gate(gate: Gate) {
    this.#gate = gate;
    if (gate === 'down' || gate === 'no-streams') this.cut();
    if (gate === 'open') for (const stream of this.openStreams()) stream.release();
  }

  get cursor(): string {
    return `${this.epoch}-${this.head}`;
  }

  openStreams(key?: string): Stream[] {
    return this.streams.filter((stream) => !stream.closed && (key === undefined || stream.key === key));
  }

  /** For one browser process; `key` names who shares, so that a test can count. */
  fetchFor(key: string): typeof fetch {
    return (input, init) => {
      const url = new URL(String(input));
      const signal = init?.signal ?? new AbortController().signal;
      this.asked.push(url);
      const isPoll = url.pathname.endsWith('/poll');
      if (this.gate === 'down') return Promise.reject(new TypeError('refused'));
      if (this.gate === 'no-streams' && !isPoll) return Promise.reject(new TypeError('blocked'));
      if (this.gate === 'hole') return never(signal);
      if (this.interloper !== null) return Promise.resolve(new Response(null, { status: this.interloper }));
      const asked = url.searchParams.get('user');
      if (this.user === null || (asked !== null && asked !== this.user)) return Promise.resolve(refusal(401));
      return isPoll ? this.#poll(url, signal) : Promise.resolve(this.#open(url, signal, key, this.user));
    };
  }

  publish(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.head += 1;
      for (const stream of this.openStreams()) stream.send(this.#deltaFrame(this.head));
    }
  }

  /** Something happens that none of these readers is told. */
  publishElsewhere(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.head += 1;
      this.elsewhere.add(this.cursor);
    }
  }

  beat(): void {
    for (const stream of this.openStreams()) stream.send(this.#beatFrame());
  }

  cut(): void {
    for (const stream of this.openStreams()) stream.fail();
  }

  goaway(reason: string, retry: number): void {
    for (const stream of this.openStreams()) {
      stream.send(frame('goaway', { reason, retry }));
      stream.close();
    }
  }

  /** Another history; everybody connected is told. */
  rotate(epoch: string): void {
    this.epoch = epoch;
    this.head = 3;
    this.oldest = 0;
    for (const stream of this.openStreams()) stream.send(this.#resetFrames('epoch'));
  }

  logOut(): void {
    this.user = null;
    this.goaway('revoked', 1_000);
  }

  #delta(seq: number): Delta {
    const c = `${this.epoch}-${seq}`;
    const value = { id: String(seq) };
    const event = {
      topic: 'system',
      type: 'workspace.changed',
      key: c,
      value,
      ...this.eventAt(seq),
    } as const;
    return { c, t: 1, op: 'upsert', rev: seq, ...event };
  }

  #deltaFrame(seq: number): string {
    return frame('delta', this.#delta(seq), `${this.epoch}-${seq}`);
  }

  #resetFrames(reason: string): string {
    return frame('reset', { reason, head: this.cursor }) + frame('live', { c: this.cursor }, this.cursor);
  }

  #trouble(since: string | null): string | null {
    if (since === null) return null;
    const [epoch, seq] = [since.slice(0, since.indexOf('-')), Number(since.slice(since.indexOf('-') + 1))];
    if (epoch !== this.epoch) return 'epoch';
    if (seq > this.head) return 'future';
    return seq < this.oldest ? 'expired' : null;
  }

  #open(url: URL, signal: AbortSignal, key: string, user: string): Response {
    const since = url.searchParams.get('since');
    let stream: Stream | null = null;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const bytes = new TextEncoder();
        let held = '';
        let ends = false;
        const own: Stream = {
          user,
          key,
          closed: false,
          send: (text) => {
            held += text;
            if (this.gate === 'open') own.release();
          },
          release() {
            if (own.closed) return;
            if (held !== '') controller.enqueue(bytes.encode(held));
            held = '';
            if (!ends) return;
            own.closed = true;
            controller.close();
          },
          fail() {
            if (own.closed) return;
            own.closed = true;
            controller.error(new TypeError('cut'));
          },
          close: () => {
            ends = true;
            if (this.gate === 'open') own.release();
          },
        };
        signal.addEventListener('abort', () => own.fail());
        stream = own;
        this.streams.push(own);
      },
    });
    if (stream !== null) this.#welcome(stream, since);
    return new Response(body);
  }

  #welcome(stream: Stream, since: string | null): void {
    if (!this.streaming) {
      stream.send(frame('goaway', { reason: 'off', retry: 60_000 }));
      stream.close();
      return;
    }
    const trouble = this.#trouble(since);
    const from = since ?? this.cursor;
    const resume = trouble === null ? (since === null ? 'fresh' : 'ok') : 'reset';
    stream.send(frame('hello', { v: 1, resume, from, head: this.cursor, hb: 15 }, from));
    if (trouble !== null) stream.send(this.#resetFrames(trouble));
    else {
      for (const seq of this.#seenAfter(seqIn(from), this.head)) stream.send(this.#deltaFrame(seq));
      if (seqIn(from) < this.head && this.elsewhere.has(this.cursor)) stream.send(this.#beatFrame());
    }
  }

  #seenAfter(from: number, to: number): number[] {
    const all = Array.from({ length: to - from }, (_, i) => from + 1 + i);
    return all.filter((seq) => !this.elsewhere.has(`${this.epoch}-${seq}`));
  }

  #beatFrame(): string {
    return frame('cursor', { c: this.cursor, t: 1 }, this.cursor);
  }

  async #poll(url: URL, signal: AbortSignal): Promise<Response> {
    this.pollsUnderWay += 1;
    this.mostPollsUnderWay = Math.max(this.mostPollsUnderWay, this.pollsUnderWay);
    await new Promise((resolve) => setImmediate(resolve));
    this.pollsUnderWay -= 1;
    if (signal.aborted) throw new TypeError('aborted');
    this.polls += 1;
    const { epoch, streaming } = this;
    const since = url.searchParams.get('since');
    const trouble = this.#trouble(since);
    const from = trouble === null ? (since ?? this.cursor) : this.cursor;
    // As the server pages: what is more comes with the next answer.
    const to = Math.min(this.head, seqIn(from) + 40);
    const events = this.#seenAfter(seqIn(from), to).map((seq) => this.#delta(seq));
    const reset = trouble === null ? {} : { reset: { reason: trouble, head: this.cursor } };
    const wish = url.searchParams.get('snapshot');
    const isDue = to === this.head && (wish === 'always' || (wish === 'auto' && trouble !== null));
    const snapshot = isDue ? { snapshot: this.snapshot } : {};
    return Response.json({ epoch, from, to: `${epoch}-${to}`, events, streaming, ...reset, ...snapshot });
  }
}

/** A no as the server says it. */
const refusal = (status: number): Response =>
  new Response('{}', { status, headers: { 'content-type': 'application/problem+json' } });

const seqIn = (cursor: string): number => Number(cursor.slice(cursor.indexOf('-') + 1));

function never(signal: AbortSignal): Promise<Response> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new TypeError('aborted')));
  });
}
