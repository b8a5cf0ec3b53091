import type { Audience, Segment, Waiting } from './audience.ts';
import { formatCursor } from './cursor.ts';
import { controlFrame } from './encode.ts';
import type { FeedReader } from './reader.ts';
import type { ResetReason, Resume } from './resume.ts';
import type { FeedTimings } from './timings.ts';

export type GoawayReason = 'deploy' | 'max-age' | 'too-many' | 'revoked';

/** Milliseconds until a client should come back, spread so that they do not come together. */
const RETRY_MS: Record<GoawayReason, { least: number; spread: number }> = {
  deploy: { least: 500, spread: 4_500 },
  'max-age': { least: 200, spread: 1_000 },
  'too-many': { least: 10_000, spread: 10_000 },
  revoked: { least: 1_000, spread: 2_000 },
};
const RETRY_AFTER_LOSS_MS = 2_000;
const RESETS_PER_MINUTE = 3;

/** What a stream needs of the hub. */
export interface StreamHost {
  readonly reader: FeedReader;
  readonly timings: FeedTimings;
  now(): number;
  random(): number;
  /** Reads what fell out of the ring from the outbox: the next part after `from`. */
  replay(audience: Audience, from: number): Promise<Segment>;
  /** Whether what follows `from` can still be replayed. */
  canReplay(audience: Audience, from: number): Promise<boolean>;
  delivered(events: number): void;
  wasReset(reason: ResetReason): void;
  left(stream: FeedStream): void;
}

export function goawayFrame(reason: GoawayReason, random: () => number): Buffer {
  const retry = Math.round(RETRY_MS[reason].least + RETRY_MS[reason].spread * random());
  return controlFrame({ event: 'goaway', data: { reason, retry }, retry });
}

/**
 * One client's stream. It holds a position, not a queue: bytes are taken from the ring when the client has room
 * for them, so a slow client costs as much as a fast one. Cleaned up in `cancel`, which every kind of disconnect
 * reaches; the request's abort signal does not fire once the request has been collected.
 */
export class FeedStream implements Waiting {
  readonly body: ReadableStream<Uint8Array>;
  readonly audience: Audience;
  readonly owner: string;
  readonly #host: StreamHost;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #position: number;
  /** Resolves the pull that waits for something to send; null while the client has no room or we are not done. */
  #wake: (() => void) | null = null;
  #replaying: boolean;
  #beatDue = false;
  #beatAt: number;
  #endsAt: number;
  #leaving: { reason: GoawayReason; deadline: number } | null = null;
  #closed = false;
  #resetTimes: number[] = [];
  #controls: Buffer[] = [];
  /** One more with each reset, so that an answer of the outbox which was asked for before is not used. */
  #history = 0;

  constructor(
    host: StreamHost,
    options: { audience: Audience; owner: string; resume: Resume; topics: readonly string[] },
  ) {
    this.#host = host;
    this.audience = options.audience;
    this.owner = options.owner;
    const { reader, timings } = host;
    const { resume } = options;
    this.#position = resume.kind === 'reset' ? reader.visible : resume.from;
    this.#replaying = resume.kind === 'ok';
    const lifeMs = timings.maxAgeMs * (0.8 + 0.2 * host.random());
    this.#endsAt = performance.now() + lifeMs;
    this.#beatAt = this.#nextBeat();
    const hello = this.#hello(resume, options.topics, lifeMs);
    if (resume.kind === 'reset') this.#queueReset(resume.reason, resume.oldest);
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          // Headers leave the server with the first bytes of the body.
          controller.enqueue(hello);
        },
        pull: () => this.#pullSafely(),
        cancel: () => this.#end(),
      },
      { highWaterMark: 0 },
    );
  }

  /** `id` is what the client resumed from, never the head: a cut right after hello must not skip the replay. */
  #hello(resume: Resume, topics: readonly string[], lifeMs: number): Buffer {
    const { epoch, visible } = this.#host.reader;
    const from = resume.kind === 'reset' ? resume.stale : formatCursor(epoch, resume.from);
    return controlFrame({
      event: 'hello',
      retry: RETRY_AFTER_LOSS_MS,
      ...(from === null ? {} : { id: from }),
      data: {
        v: 1,
        resume: resume.kind,
        from,
        head: formatCursor(epoch, visible),
        hb: this.#host.timings.beatMs / 1_000,
        topics,
        maxAge: Math.round(lifeMs / 1_000),
      },
    });
  }

  #queueReset(reason: ResetReason, oldest: number | null): void {
    const { epoch, visible } = this.#host.reader;
    this.#host.wasReset(reason);
    this.#history += 1;
    this.#position = visible;
    this.#replaying = false;
    const head = formatCursor(epoch, visible);
    this.#controls.push(
      controlFrame({
        event: 'reset',
        data: { reason, head, ...(oldest === null ? {} : { oldest: formatCursor(epoch, oldest) }) },
      }),
      controlFrame({ event: 'live', id: head, data: { c: head } }),
    );
  }

  async #pullSafely(): Promise<void> {
    try {
      await this.#pull();
    } catch (thrown) {
      // The connection ends; the client comes back with its position. `cancel` is not called for an error of ours.
      this.#end();
      throw thrown;
    }
  }

  #pull(): Promise<void> | undefined {
    for (;;) {
      if (this.#closed) return undefined;
      const bytes = this.#leaving === null ? this.#nextBytes() : null;
      if (bytes !== null) {
        this.#controller?.enqueue(bytes);
        return undefined;
      }
      if (this.#leaving !== null) {
        this.#sayGoodbye();
        return undefined;
      }
      if (!this.#host.reader.ring.covers(this.#position)) return this.#pullFromOutbox();
      if (this.#position >= this.#host.reader.visible) return this.#park();
    }
  }

  #park(): Promise<void> {
    this.#replaying = false;
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.audience.waiting.add(this);
    });
  }

  /** Takes the stream out of waiting; its position is then that of everybody who waits. */
  #unpark(): (() => void) | null {
    const wake = this.#wake;
    if (wake === null) return null;
    this.#wake = null;
    this.audience.waiting.delete(this);
    return wake;
  }

  /** What can be sent without reading the outbox. */
  #nextBytes(): Uint8Array | null {
    const parts = this.#controls;
    this.#controls = [];
    if (this.#beatDue) parts.push(this.#beatFrame());
    if (parts.length > 0) return Buffer.concat(parts);
    const { ring, visible } = this.#host.reader;
    while (this.#position < visible && ring.covers(this.#position)) {
      const segment = this.audience.segment(ring, this.#position, visible);
      this.#position = segment.to;
      if (segment.events.length === 0) continue;
      this.#host.delivered(segment.events.length);
      return segment.bytes;
    }
    return null;
  }

  /** Behind the ring: a replay goes on from the outbox, page by page; a slow reader may, if it is not too much. */
  async #pullFromOutbox(): Promise<void> {
    const history = this.#history;
    if (!this.#replaying) {
      const replayable = await this.#host.canReplay(this.audience, this.#position);
      if (this.#closed || history !== this.#history) return this.#pull();
      if (replayable) this.#replaying = true;
      else this.#resetSlow();
      return this.#pull();
    }
    const part = await this.#host.replay(this.audience, this.#position);
    if (this.#closed || history !== this.#history) return this.#pull();
    this.#position = part.to;
    if (part.events.length === 0) return this.#pull();
    this.#host.delivered(part.events.length);
    this.#controller?.enqueue(part.bytes);
    return undefined;
  }

  #resetSlow(): void {
    const now = performance.now();
    this.#resetTimes = [...this.#resetTimes.filter((at) => now - at < 60_000), now];
    if (this.#resetTimes.length > RESETS_PER_MINUTE) this.leave('too-many');
    else this.#queueReset('slow', null);
  }

  /** The next window for everybody who waits. */
  deliver(segment: Segment): void {
    const wake = this.#unpark();
    if (wake === null) return;
    this.#position = segment.to;
    this.#host.delivered(segment.events.length);
    this.#controller?.enqueue(segment.bytes);
    wake();
  }

  /** The history broke: everything is to be read again. */
  lose(reason: 'epoch' | 'expired'): void {
    const wake = this.#unpark();
    this.#queueReset(reason, null);
    if (wake !== null) this.#answer(wake);
  }

  /** Ends the stream with a word to the client, as soon as the client has room for it. */
  leave(reason: GoawayReason): void {
    if (this.#leaving !== null || this.#closed) return;
    this.#leaving = { reason, deadline: performance.now() + this.#host.timings.goodbyeMs };
    const wake = this.#unpark();
    if (wake !== null) this.#answer(wake);
  }

  /** Called by the hub's clock, `now` in milliseconds of performance.now(). */
  tick(now: number): void {
    if (this.#closed) return;
    if (this.#leaving !== null) {
      if (now >= this.#leaving.deadline) this.#abandon();
      return;
    }
    if (now >= this.#endsAt) {
      this.leave('max-age');
      return;
    }
    if (now < this.#beatAt) return;
    this.#beatAt = this.#nextBeat();
    this.#beatDue = true;
    if (this.#wake === null) return;
    this.#position = this.#host.reader.visible;
    const wake = this.#unpark();
    if (wake !== null) this.#answer(wake);
  }

  /** Sends what is due to a client that was waiting. */
  #answer(wake: () => void): void {
    if (this.#leaving !== null) {
      this.#sayGoodbye();
    } else {
      const bytes = this.#nextBytes();
      if (bytes !== null) this.#controller?.enqueue(bytes);
    }
    wake();
  }

  #nextBeat(): number {
    return performance.now() + this.#host.timings.beatMs * (0.9 + 0.2 * this.#host.random());
  }

  /** A real event with data: comments show up as empty messages in some clients. Also moves a filtered client along. */
  #beatFrame(): Buffer {
    this.#beatDue = false;
    const c = formatCursor(this.#host.reader.epoch, this.#position);
    return controlFrame({ event: 'cursor', id: c, data: { c, t: this.#host.now() } });
  }

  #sayGoodbye(): void {
    if (this.#leaving === null || this.#closed) return;
    this.#controller?.enqueue(goawayFrame(this.#leaving.reason, this.#host.random));
    this.#controller?.close();
    this.#end();
  }

  /** A client that does not read cannot be told; its connection ends with the stream. */
  #abandon(): void {
    this.#controller?.error(new Error('The client did not read its goodbye.'));
    this.#end();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    const wake = this.#unpark();
    this.#host.left(this);
    wake?.();
  }
}
