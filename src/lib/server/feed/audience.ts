import type { ReadFilter } from '../event-log/index.ts';
import { coalesce } from './coalesce.ts';
import { compatParts, type EncodedEvent } from './encode.ts';
import type { Ring } from './ring.ts';

const SEGMENT_BYTES = 64 * 1024;
/** Joined bytes that are kept for others of the audience; an audience of one, as a person's is, needs none. */
const MOST_CACHED = 64;
const CACHED_PER_MEMBER = 2;
/** What a slow reader gets in one piece, before its changes of one key are made one. */
const COALESCED_BYTES = 1024 * 1024;

/** What an audience gets to see of the positions after `from` up to `to`. */
export interface Segment {
  from: number;
  to: number;
  events: readonly EncodedEvent[];
  /** All frames joined, made once for everybody who reads them. */
  readonly bytes: Uint8Array;
}

/** A reader with nothing left to read, waiting for the next segment. */
export interface Waiting {
  deliver(segment: Segment): void;
}

/**
 * Everybody who sees the same events: one workspace, the same topics and scopes, the same names. Bytes are joined
 * once per audience and window, so a filter costs nothing per stream.
 */
export class Audience {
  readonly waiting = new Set<Waiting>();
  readonly filter: ReadFilter;
  readonly compat: boolean;
  /** Readers there are, waiting or not. */
  members = 0;
  readonly #topics: ReadonlySet<string>;
  readonly #scopes: ReadonlySet<string>;
  readonly #segments = new Map<number, Segment>();
  readonly #onJoined: (events: number) => void;

  /** `onJoined`: told how many events were put into a segment. */
  constructor(filter: ReadFilter, compat: boolean, onJoined: (events: number) => void = () => undefined) {
    this.filter = filter;
    this.compat = compat;
    this.#onJoined = onJoined;
    this.#topics = new Set(filter.topics);
    this.#scopes = new Set(filter.scopes);
  }

  static keyOf(filter: ReadFilter, compat: boolean): string {
    return JSON.stringify([filter.workspaceId, [...filter.topics].sort(), [...filter.scopes].sort(), compat]);
  }

  sees(event: EncodedEvent): boolean {
    return (
      event.workspaceId === this.filter.workspaceId &&
      this.#topics.has(event.topic) &&
      this.#scopes.has(event.scope)
    );
  }

  /** What comes after `from`, at most 64 KB of it and never beyond `limit`. The ring must cover `from`. */
  segment(ring: Ring, from: number, limit: number): Segment {
    const cached = this.#segments.get(from);
    if (cached !== undefined && cached.to <= limit) return cached;
    const { events, to } = this.#collect(ring, from, limit, SEGMENT_BYTES);
    this.#onJoined(events.length);
    const segment = joined(from, to, events, this.compat);
    if (to > from) this.#remember(segment);
    return segment;
  }

  /** The same in fewer events, for a reader that is far behind; `folded` of them went into others. */
  coalesced(epoch: string, ring: Ring, from: number, limit: number): { segment: Segment; folded: number } {
    const { events, to } = this.#collect(ring, from, limit, COALESCED_BYTES);
    const fewer = coalesce(epoch, events);
    return { segment: joined(from, to, fewer, this.compat), folded: events.length - fewer.length };
  }

  #collect(
    ring: Ring,
    from: number,
    limit: number,
    mostBytes: number,
  ): { events: EncodedEvent[]; to: number } {
    const events: EncodedEvent[] = [];
    let bytes = 0;
    let to = from;
    while (to < limit && bytes < mostBytes) {
      const event = ring.at(to + 1);
      if (event === undefined) break;
      to += 1;
      if (!this.sees(event)) continue;
      events.push(event);
      bytes += event.frame.length;
    }
    return { events, to };
  }

  /** Events and bytes after `from` that this audience sees, counted up to the limits. */
  measure(
    ring: Ring,
    from: number,
    limit: { events: number; bytes: number },
  ): { events: number; bytes: number } {
    const total = { events: 0, bytes: 0 };
    for (let seq = from + 1; seq <= ring.head; seq += 1) {
      const event = ring.at(seq);
      if (event === undefined || !this.sees(event)) continue;
      total.events += 1;
      total.bytes += event.frame.length;
      if (total.events > limit.events || total.bytes > limit.bytes) break;
    }
    return total;
  }

  forget(): void {
    this.#segments.clear();
  }

  #remember(segment: Segment): void {
    this.#segments.set(segment.from, segment);
    const wanted = Math.max(1, this.members) * CACHED_PER_MEMBER;
    if (this.#segments.size <= Math.min(MOST_CACHED, wanted)) return;
    const oldest = this.#segments.keys().next();
    if (oldest.done !== true) this.#segments.delete(oldest.value);
  }
}

/** A segment of some events, whose bytes are joined when first asked for. */
export function joined(from: number, to: number, events: readonly EncodedEvent[], compat: boolean): Segment {
  let bytes: Uint8Array | null = null;
  return {
    from,
    to,
    events,
    get bytes() {
      bytes ??= Buffer.concat(compat ? events.flatMap(compatParts) : events.map((event) => event.frame));
      return bytes;
    },
  };
}
