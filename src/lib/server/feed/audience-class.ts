import type { FeedAudience } from '../app.ts';
import { ChosenPatterns } from './chosen-patterns.ts';
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
 * same patterns, the same names. Bytes are joined once per class and window, so a filter costs nothing per stream.
 */
export class AudienceClass {
  /** Who waits, with the scope of what is for them alone. */
  readonly waiting = new Map<Waiting, string | null>();
  readonly filter: FeedAudience;
  /** The same for all that read the same rows of the outbox, whatever they get of them. */
  readonly rowsKey: string;
  readonly compat: boolean;
  /** Readers there are, waiting or not. */
  members = 0;
  readonly #topics: ReadonlySet<string>;
  readonly #scopes: ReadonlySet<string>;
  readonly #chosen: ChosenPatterns | null;
  readonly #segments = new Map<number, Segment>();
  readonly #onJoined: (events: number) => void;

  /** `filter` without the scope of any person. `onJoined`: told how many events were put into a segment. */
  constructor(filter: FeedAudience, compat: boolean, onJoined: (events: number) => void) {
    this.filter = filter;
    this.compat = compat;
    this.#onJoined = onJoined;
    this.#topics = new Set(filter.topics);
    this.#scopes = new Set(filter.scopes);
    this.#chosen = filter.patterns === null ? null : new ChosenPatterns(filter.patterns);
    this.rowsKey = rowsKeyOf(filter);
  }

  static keyOf(filter: FeedAudience, compat: boolean): string {
    const chosen = filter.patterns === null ? null : [...filter.patterns].sort();
    return JSON.stringify([rowsKeyOf(filter), chosen, compat]);
  }

  /** The event as it is for the class, or for the one person of this scope; null when it is not. */
  told(event: EncodedEvent, person: string | null): EncodedEvent | null {
    if (!this.#sees(event, person)) return null;
    return this.#chosen === null ? event : this.#chosen.of(event);
  }

  /** The same for the class and everybody in it. */
  toldToAny(event: EncodedEvent): EncodedEvent | null {
    return this.told(event, isPersonal(event.scope) ? event.scope : null);
  }

  /** How many bytes `told` comes to, where patterns were chosen about; 0 when it is not for them. */
  weigh(event: EncodedEvent, person: string | null): number {
    if (!this.#sees(event, person)) return 0;
    return this.#chosen === null ? event.frame.length : this.#chosen.weigh(event);
  }

  #sees(event: EncodedEvent, person: string | null): boolean {
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
      const told = this.toldToAny(event);
      if (told !== null) {
        bytes += told.frame.length;
        if (found.length > 0 && bytes > SEGMENT_BYTES) break;
        found.push(told);
      }
      to += 1;
    }
    const segment = this.segmentOf(from, to, found);
    this.#onJoined(segment.events.length);
    if (to > from) this.#remember(segment);
    return segment;
  }

  /** Of events as they are for the class or for one of its persons. */
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
    for (let at = from; at < to && this.waiting.size > 0;) {
      const segment = this.segment(ring, at, to);
      if (segment.to === at) return;
      at = segment.to;
      if (segment.events.length + segment.personal.length === 0) continue;
      // Who gets something waits no longer: those who go on waiting have nothing in what was.
      for (const [waiting, person] of [...this.waiting]) {
        const seen = segment.for(person);
        if (seen.events.length > 0) waiting.deliver(seen);
      }
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

const rowsKeyOf = ({ workspaceId, topics, scopes }: FeedAudience): string =>
  JSON.stringify([workspaceId, [...topics].sort(), [...scopes].sort()]);
