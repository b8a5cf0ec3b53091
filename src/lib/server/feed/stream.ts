import type { GoawayReason, ResetReason } from '#lib/contracts/feed.ts';
import { coerceError } from '../errors.ts';
import type { Audience, Stretch } from './audience.ts';
import type { Waiting } from './audience-class.ts';
import { formatCursor } from './cursor.ts';
import { goawayFrame, helloFrame, placeFrame, resetFrame } from './frames.ts';
import type { Resume } from './resume.ts';
import type { SnapshotWish } from './request.ts';
import type { Segment } from './segment.ts';
import type { EncodedSnapshot } from './encode-snapshot.ts';
import type { Reader } from './still-allowed.ts';
import type { StreamHost } from './stream-host.ts';

const RESETS_PER_MINUTE = 3;

export interface StreamOptions {
  audience: Audience;
  who: Reader;
  owner: string;
  resume: Resume;
  topics: readonly string[];
  snapshot: SnapshotWish;
}

/** The client is to begin again: with a reset when it missed something, with a snapshot unless it wants none. */
interface Beginning {
  reason: ResetReason | null;
  oldest: number | null;
}

/**
 * One client's stream. It holds a position, not a queue: bytes are taken from the ring when the client has room
 * for them, so a slow client costs as much as a fast one. Cleaned up in `cancel`, which every kind of disconnect
 * reaches; the request's abort signal does not fire once the request has been collected.
 */
export class FeedStream implements Waiting {
  readonly body: ReadableStream<Uint8Array>;
  readonly owner: string;
  readonly who: Reader;
  readonly topics: readonly string[];
  audience: Audience;
  readonly #host: StreamHost;
  readonly #wish: SnapshotWish;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #position: number;
  /** The newest place the client was told. */
  #told: number;
  /** Resolves the pull that waits for something to send; null while the client has no room or we are not done. */
  #wake: ((more?: Promise<void>) => void) | null = null;
  /** Until when a replay from the outbox goes on unquestioned; milliseconds of performance.now(), like all below. */
  #replayUntil: number;
  /** When the client last had everything, or began. */
  #freshAt: number;
  #resumedAt: number | null;
  #beatDue = false;
  #beatAt: number;
  #endsAt: number;
  #leaving: { reason: GoawayReason; deadline: number } | null = null;
  #closed = false;
  #resetTimes: number[] = [];
  #beginning: Beginning | null = null;
  #reviewDue = false;
  /** A snapshot that waits until everything up to it has been told. */
  #ahead: EncodedSnapshot | null = null;
  /** What is being told in fewer events; to its end, because these count what they stand for. */
  #stretch: Stretch | null = null;

  constructor(host: StreamHost, options: StreamOptions) {
    this.#host = host;
    this.audience = options.audience;
    this.who = options.who;
    this.owner = options.owner;
    this.topics = options.topics;
    this.#wish = options.snapshot;
    const { reader, timings } = host;
    const { resume } = options;
    const now = performance.now();
    this.#position = resume.kind === 'reset' ? reader.visible : resume.from;
    this.#told = this.#position;
    this.#freshAt = now;
    this.#replayUntil = resume.kind === 'ok' ? now + timings.slowMs : now;
    this.#resumedAt = resume.kind === 'ok' ? now : null;
    const lifeMs = timings.maxAgeMs * (0.8 + 0.2 * host.random());
    this.#endsAt = now + lifeMs;
    this.#beatAt = this.#nextBeat();
    const hello = this.#hello(resume, lifeMs);
    if (resume.kind === 'reset') this.#begin(resume.reason, resume.oldest);
    else if (this.#wish.atStart.length > 0) this.#beginning = { reason: null, oldest: null };
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

  /** A client that begins with a snapshot has nothing to continue from before that is complete. */
  #hello(resume: Resume, lifeMs: number): Buffer {
    const { reader, timings } = this.#host;
    const blank = resume.kind === 'fresh' && this.#wish.atStart.length > 0;
    const known = resume.kind === 'reset' ? resume.stale : formatCursor(reader.epoch, resume.from);
    return helloFrame({
      resume: resume.kind,
      from: blank ? null : known,
      head: formatCursor(reader.epoch, reader.visible),
      topics: this.topics,
      beatMs: timings.beatMs,
      lifeMs,
    });
  }

  #begin(reason: ResetReason, oldest: number | null = null): void {
    this.#host.counters.reset(reason);
    this.#beginning = { reason, oldest };
    this.#ahead = null;
    this.#stretch = null;
  }

  /** Milliseconds since the client had everything. */
  lagMs(now: number): number {
    const behind = this.#wake === null && this.#position < this.#host.reader.visible;
    return behind ? now - this.#freshAt : 0;
  }

  async #pullSafely(): Promise<void> {
    try {
      await this.#pull();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Ends this connection, and no other; the client comes back with its position. */
  #fail(thrown: unknown): void {
    // A look into the database may fail after the client has gone, which is nobody's loss.
    if (this.#closed) return;
    this.#host.failed(thrown);
    this.#controller?.error(coerceError(thrown));
    // `cancel` is not called for an error of ours.
    this.#end();
  }

  #pull(): Promise<void> | undefined {
    for (;;) {
      if (this.#closed) return undefined;
      if (this.#leaving !== null) {
        this.#sayGoodbye();
        return undefined;
      }
      if (this.#reviewDue) return this.#review();
      if (this.#beginning !== null) return this.#startOver(this.#beginning);
      const bytes = this.#nextBytes();
      if (bytes !== null) {
        this.#send(...bytes);
        return undefined;
      }
      if (!this.#host.reader.ring.covers(this.#position)) return this.#pullFromOutbox();
      if (this.#position < this.#host.reader.visible) continue;
      if (this.#resumedAt !== null) this.#arrive(this.#resumedAt);
      else return this.#park();
    }
  }

  #send(...parts: readonly Uint8Array[]): void {
    for (const bytes of parts) {
      this.#host.counters.deliveredBytes += bytes.length;
      this.#controller?.enqueue(bytes);
    }
  }

  /** A resumed client has everything, and is told so where what came last was not for it. */
  #arrive(resumedAt: number): void {
    this.#host.counters.resume.add(performance.now() - resumedAt);
    this.#resumedAt = null;
    if (this.#told < this.#position) this.#beatDue = true;
  }

  #park(): Promise<void> {
    this.#replayUntil = 0;
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.audience.wait(this);
    });
  }

  /** Takes the stream out of waiting; its position is then that of everybody who waits. */
  #unpark(): ((more?: Promise<void>) => void) | null {
    const wake = this.#wake;
    if (wake === null) return null;
    this.#wake = null;
    this.#freshAt = performance.now();
    this.audience.stopWaiting(this);
    return wake;
  }

  /** What can be sent without waiting for anything. */
  #nextBytes(): readonly Uint8Array[] | null {
    const ahead = this.#ahead;
    if (ahead !== null && this.#position >= ahead.seq) {
      this.#ahead = null;
      this.#told = ahead.seq;
      this.#host.counters.snapshots.sent += 1;
      return ahead.frames;
    }
    if (this.#beatDue) return [this.#beatFrame()];
    const { ring } = this.#host.reader;
    const limit = this.#limit;
    while (this.#position < limit && ring.covers(this.#position)) {
      const segment = this.#isSlow()
        ? this.#coalesced(limit)
        : this.audience.segment(ring, this.#position, limit);
      const bytes = this.#pass(segment);
      if (bytes !== null) return [bytes];
    }
    return ahead !== null && this.#position >= ahead.seq ? this.#nextBytes() : null;
  }

  /** Moves to the end of the segment. What of it is to be sent, or null. */
  #pass(segment: Segment): Uint8Array | null {
    this.#position = segment.to;
    const last = segment.events.at(-1);
    if (last === undefined) return null;
    this.#told = last.seq;
    this.#host.counters.delivered += segment.events.length;
    return segment.bytes;
  }

  get #limit(): number {
    return this.#ahead?.seq ?? this.#host.reader.visible;
  }

  #isSlow(): boolean {
    const { reader, timings } = this.#host;
    if (this.#openStretch !== null) return true;
    if (performance.now() - this.#freshAt > timings.slowMs) return true;
    if (reader.ring.bytesAfter(this.#position) <= timings.slowBytes) return false;
    const limits = { events: Number.POSITIVE_INFINITY, bytes: timings.slowBytes };
    return this.audience.measure(reader.ring, this.#position, limits).bytes > timings.slowBytes;
  }

  /** Null when it has been told, or the ring has lost its beginning. */
  get #openStretch(): Stretch | null {
    const stretch = this.#stretch;
    if (stretch === null || this.#position >= stretch.to) return null;
    return this.#host.reader.ring.covers(stretch.from) ? stretch : null;
  }

  #coalesced(limit: number): Segment {
    const { reader, counters } = this.#host;
    const { epoch, ring } = reader;
    const stretch = this.#openStretch ?? this.audience.stretch(ring, this.#position, limit);
    this.#stretch = stretch;
    const { segment, folded } = this.audience.coalesced(epoch, ring, stretch, this.#position);
    counters.coalesced += folded;
    return segment;
  }

  /** Behind the ring: a replay goes on from the outbox, page by page; a slow reader may, if it is not too much. */
  async #pullFromOutbox(): Promise<void> {
    if (performance.now() > this.#replayUntil) {
      const replayable = await this.#host.canReplay(this.audience, this.#position);
      if (this.#isInterrupted || this.#beginning !== null) return this.#pull();
      if (replayable) this.#replayUntil = performance.now() + this.#host.timings.slowMs;
      else this.#resetSlow();
      return this.#pull();
    }
    const part = await this.#host.replay(this.audience, this.#position, this.#limit);
    if (this.#isInterrupted || this.#beginning !== null) return this.#pull();
    const bytes = this.#pass(part);
    if (bytes === null) return this.#pull();
    this.#send(bytes);
    return undefined;
  }

  #resetSlow(): void {
    const now = performance.now();
    this.#resetTimes = [...this.#resetTimes.filter((at) => now - at < 60_000), now];
    if (this.#resetTimes.length > RESETS_PER_MINUTE) this.leave('too-many');
    else this.#begin('slow');
  }

  /** Says what there is, and goes on from there. Nothing of it has an id but the `live` at its end. */
  async #startOver(beginning: Beginning): Promise<void> {
    const wantsSnapshot = beginning.reason === null || this.#wish.afterReset;
    const topics = beginning.reason === null ? this.#wish.atStart : this.topics;
    const snapshot = wantsSnapshot ? await this.#readSnapshot(topics) : null;
    // Meanwhile the stream may have ended, the rights be others, or the history been lost: another beginning.
    if (this.#isInterrupted || this.#beginning !== beginning) return this.#pull();
    this.#beginning = null;
    this.#freshAt = performance.now();
    const resumed = this.#resumedAt !== null;
    if (beginning.reason === null && snapshot !== null && resumed) {
      this.#ahead = snapshot;
      return this.#pull();
    }
    const { epoch, visible } = this.#host.reader;
    this.#position = snapshot?.seq ?? visible;
    this.#resumedAt = null;
    const { reason, oldest } = beginning;
    if (reason !== null) this.#send(resetFrame(epoch, { reason, seq: this.#position, oldest }));
    if (snapshot !== null) this.#host.counters.snapshots.sent += 1;
    this.#send(...(snapshot?.frames ?? [placeFrame('live', formatCursor(epoch, this.#position))]));
    return undefined;
  }

  async #review(): Promise<void> {
    this.#reviewDue = false;
    const rights = await this.#host.review(this);
    if (rights === 'revoked') this.leave('revoked');
    else if (rights === 'changed' && !this.#closed) this.#begin('scope');
    return this.#pull();
  }

  get #isInterrupted(): boolean {
    return this.#closed || this.#leaving !== null || this.#reviewDue;
  }

  /** Null when it cannot be had: the client is sent away for a while, as from any overload. */
  async #readSnapshot(topics: readonly string[]): Promise<EncodedSnapshot | null> {
    try {
      return await this.#host.snapshot(this.audience, topics);
    } catch {
      // Logged where it was built, once for everybody who waited for it.
      this.leave('too-many');
      return null;
    }
  }

  /** The next window for everybody who waits. */
  deliver(segment: Segment): void {
    const wake = this.#unpark();
    if (wake === null) return;
    this.#guard(() => {
      const bytes = this.#pass(segment);
      if (bytes !== null) this.#send(bytes);
    });
    wake();
  }

  /** The history broke: everything is to be read again. */
  startOver(reason: 'epoch' | 'expired'): void {
    if (this.#closed) return;
    this.#begin(reason);
    this.#goOn();
  }

  /** The reader's rights may be others: nothing more is sent before that is known. */
  review(): void {
    if (this.#closed) return;
    this.#reviewDue = true;
    this.#goOn();
  }

  /** Ends the stream with a word to the client, as soon as the client has room for it. */
  leave(reason: GoawayReason): void {
    if (this.#leaving !== null || this.#closed) return;
    this.#host.counters.goaway(reason);
    this.#leaving = { reason, deadline: performance.now() + this.#host.timings.goodbyeMs };
    this.#goOn();
  }

  /** Sends what is due to a client that was waiting; one that was not asks by itself. */
  #goOn(): void {
    const wake = this.#unpark();
    if (wake !== null) wake(this.#pullSafely());
  }

  /** Called by the hub's clock, `now` in milliseconds of performance.now(). */
  tick(now: number): void {
    if (!this.#closed) this.#guard(() => this.#tick(now));
  }

  /** For what is done for one reader among others. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #tick(now: number): void {
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
    this.#goOn();
  }

  #nextBeat(): number {
    return performance.now() + this.#host.timings.beatMs * (0.9 + 0.2 * this.#host.random());
  }

  /** A real event with data: comments show up as empty messages in some clients. Also moves a filtered client along. */
  #beatFrame(): Buffer {
    this.#beatDue = false;
    this.#told = this.#position;
    const c = formatCursor(this.#host.reader.epoch, this.#position);
    return placeFrame('cursor', c, this.#host.now());
  }

  #sayGoodbye(): void {
    if (this.#leaving === null || this.#closed) return;
    this.#send(goawayFrame(this.#leaving.reason, this.#host.random));
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
