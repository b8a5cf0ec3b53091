import type { EncodedEvent } from './encode.ts';

const MAX_EVENTS = 20_000;
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * The latest events of all workspaces, gap-free, so that an event is found by its position alone. A reader whose
 * position has fallen out is known to have missed something; that is the whole gap detection.
 */
export class Ring {
  #events: EncodedEvent[] = [];
  /** Index of the oldest event; what is before it is cut off from time to time. */
  #start = 0;
  #bytes = 0;
  #head: number;
  /** Bytes pushed ever, and by each event's end; parallel to `#events`. */
  #pushed = 0;
  #ends: number[] = [];

  readonly #maxEvents: number;
  readonly #maxBytes: number;

  constructor(head: number, limits: { events?: number; bytes?: number } = {}) {
    this.#head = head;
    this.#maxEvents = limits.events ?? MAX_EVENTS;
    this.#maxBytes = limits.bytes ?? MAX_BYTES;
  }

  /** Position of the newest event. */
  get head(): number {
    return this.#head;
  }
  /** Position of the oldest event held; head + 1 when none is. */
  get oldest(): number {
    return this.#head - this.size + 1;
  }
  get size(): number {
    return this.#events.length - this.#start;
  }
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws RangeError when the event is not the next one */
  push(event: EncodedEvent): void {
    if (event.seq !== this.#head + 1) {
      throw new RangeError(`The feed continues at ${this.#head + 1}, not at ${event.seq}.`);
    }
    this.#events.push(event);
    this.#bytes += event.frame.length;
    this.#pushed += event.frame.length;
    this.#ends.push(this.#pushed);
    this.#head = event.seq;
    while (this.size > this.#maxEvents || (this.#bytes > this.#maxBytes && this.size > 1)) this.#dropOldest();
    if (this.#start > 1_024 && this.#start * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#start);
      this.#ends = this.#ends.slice(this.#start);
      this.#start = 0;
    }
  }

  #dropOldest(): void {
    this.#bytes -= this.#events[this.#start]?.frame.length ?? 0;
    this.#start += 1;
  }

  /** Whether everything after `seq` is here. */
  covers(seq: number): boolean {
    return seq >= this.oldest - 1;
  }

  /** The event at a position; undefined outside of oldest..head. */
  at(seq: number): EncodedEvent | undefined {
    if (seq < this.oldest || seq > this.#head) return undefined;
    return this.#events[this.#start + seq - this.oldest];
  }

  /** Bytes of everything after `seq`; what is not held any more is not counted. */
  bytesAfter(seq: number): number {
    if (seq < this.oldest) return this.#bytes;
    return this.#pushed - (this.#ends[this.#start + seq - this.oldest] ?? this.#pushed);
  }

  /** Starts anew at another position, holding nothing. */
  restart(head: number): void {
    this.#events = [];
    this.#ends = [];
    this.#start = 0;
    this.#bytes = 0;
    this.#head = head;
  }
}
