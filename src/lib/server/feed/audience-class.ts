import type { ReadFilter } from '../event-log/index.ts';
import type { EncodedEvent } from './encode.ts';
import type { Ring } from './ring.ts';
import { isPersonal } from './rights.ts';
import { Segment } from './segment.ts';

export const SEGMENT_BYTES = 64 * 1024;
/** Joined bytes that are kept for others of the class; a class of one needs none. */
const MOST_CACHED = 64;
const CACHED_PER_MEMBER = 2;

/** A reader with nothing left to read, waiting for the next segment. */
export interface Waiting {
  deliver(segment: Segment): void;
}

/**
 * Everybody who sees the same events but for those to one person alone: one workspace, the same topics and scopes, the
 * same names. Bytes are joined once per class and window, so a filter costs nothing per stream.
 */
export class AudienceClass {
  /** Who waits, with the scope of what is for them alone. */
  readonly waiting = new Map<Waiting, string | null>();
  readonly filter: ReadFilter;
  readonly compat: boolean;
  /** Readers there are, waiting or not. */
  members = 0;
  readonly #topics: ReadonlySet<string>;
  readonly #scopes: ReadonlySet<string>;
  readonly #segments = new Map<number, Segment>();
  readonly #onJoined: (events: number) => void;

  /** `filter` without the scope of any person. `onJoined`: told how many events were put into a segment. */
  constructor(filter: ReadFilter, compat: boolean, onJoined: (events: number) => void) {
    this.filter = filter;
    this.compat = compat;
    this.#onJoined = onJoined;
    this.#topics = new Set(filter.topics);
    this.#scopes = new Set(filter.scopes);
  }

  static keyOf(filter: ReadFilter, compat: boolean): string {
    return JSON.stringify([filter.workspaceId, [...filter.topics].sort(), [...filter.scopes].sort(), compat]);
  }

  /** Whether the event is for the class, or for the one person of this scope. */
  sees(event: EncodedEvent, person: string | null): boolean {
    return (
      event.workspaceId === this.filter.workspaceId &&
      this.#topics.has(event.topic) &&
      (this.#scopes.has(event.scope) || event.scope === person)
    );
  }

  /** What comes after `from`, at most 64 KB of it (or one event) and never beyond `limit`. The ring must cover `from`. */
  segment(ring: Ring, from: number, limit: number): Segment {
    const cached = this.#segments.get(from);
    if (cached !== undefined && cached.to <= limit) return cached;
    const found: EncodedEvent[] = [];
    let bytes = 0;
    let to = from;
    for (let event = ring.at(to + 1); event !== undefined && to < limit; event = ring.at(to + 1)) {
      if (this.sees(event, isPersonal(event.scope) ? event.scope : null)) {
        bytes += event.frame.length;
        if (found.length > 0 && bytes > SEGMENT_BYTES) break;
        found.push(event);
      }
      to += 1;
    }
    const segment = this.segmentOf(from, to, found);
    this.#onJoined(segment.events.length);
    if (to > from) this.#remember(segment);
    return segment;
  }

  /** Of events that are for the class or for one of its persons. */
  segmentOf(from: number, to: number, found: readonly EncodedEvent[]): Segment {
    const personal = found.filter(({ scope }) => isPersonal(scope));
    const events = personal.length === 0 ? found : found.filter(({ scope }) => !isPersonal(scope));
    return new Segment({ from, to, events, personal, compat: this.compat });
  }

  /** What of a segment comes after `from`. */
  after({ to, events, personal }: Segment, from: number): Segment {
    return this.segmentOf(
      from,
      to,
      [...events, ...personal].filter(({ seq }) => seq > from),
    );
  }

  /** Gives everybody who waits what came after `from`, when there is something for them. */
  show(ring: Ring, from: number, to: number): void {
    if (this.waiting.size === 0) return;
    const segment = this.segment(ring, from, to);
    if (segment.events.length + segment.personal.length === 0) return;
    for (const [waiting, person] of [...this.waiting]) {
      const seen = segment.for(person);
      if (seen.events.length > 0) waiting.deliver(seen);
    }
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
