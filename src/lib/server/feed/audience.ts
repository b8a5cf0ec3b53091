import type { FeedAudience } from '../app.ts';
import { SEGMENT_BYTES, type AudienceClass, type Waiting } from './audience-class.ts';
import { encodeFold, foldEvents } from './coalesce.ts';
import type { EncodedEvent } from './encode.ts';
import { isPersonal } from './rights.ts';
import type { Ring } from './ring.ts';
import { Segment } from './segment.ts';

/** Within which the changes of one key are made one for a slow reader. */
const STRETCH_BYTES = 1024 * 1024;

/** Positions after `from` up to `to`. */
export interface Stretch {
  from: number;
  to: number;
}

/** What one reader sees: what its class does, and what is for this person alone. */
export class Audience {
  readonly shared: AudienceClass;
  readonly filter: FeedAudience;
  /** The scope of what is for this person alone; null for a key. */
  readonly #person: string | null;

  /** `filter`: with the scope of the person. */
  constructor(shared: AudienceClass, filter: FeedAudience) {
    this.shared = shared;
    this.filter = filter;
    this.#person = filter.scopes.find(isPersonal) ?? null;
  }

  /** What comes after `from`, at most 64 KB of it (or one event) and never beyond `limit`. The ring must cover `from`. */
  segment(ring: Ring, from: number, limit: number): Segment {
    return this.ofMine(this.shared.segment(ring, from, limit));
  }

  /** A segment of the class as this reader sees it. */
  ofMine(segment: Segment): Segment {
    return segment.for(this.#person);
  }

  /** What a slow reader is told next in as few events as can be: from `from` on, a megabyte, not beyond `limit`. */
  stretch(ring: Ring, from: number, limit: number): Stretch {
    let bytes = 0;
    let to = from;
    while (to < limit && bytes < STRETCH_BYTES) {
      const event = ring.at(to + 1);
      if (event === undefined) break;
      to += 1;
      bytes += this.shared.weigh(event, this.#person);
    }
    return { from, to };
  }

  /**
   * What of the stretch comes after the position `after`, in fewer events and at most 64 KB of them; `folded` of them
   * went into others. Worked out anew for each piece, so that nothing is kept for a reader that does not read.
   */
  coalesced(
    epoch: string,
    ring: Ring,
    { from, to }: Stretch,
    after: number,
  ): { segment: Segment; folded: number } {
    const folds = foldEvents(this.#between(ring, from, to)).filter(({ event }) => event.seq > after);
    const events: EncodedEvent[] = [];
    let folded = 0;
    let bytes = 0;
    for (const fold of folds) {
      const event = encodeFold(epoch, fold);
      bytes += event.frame.length;
      if (events.length > 0 && bytes > SEGMENT_BYTES) break;
      events.push(event);
      folded += fold.count - 1;
    }
    const end = events.length < folds.length ? (events.at(-1)?.seq ?? to) : to;
    return {
      segment: new Segment({ from: after, to: end, events, compat: this.shared.compat }),
      folded,
    };
  }

  /** Events and bytes after `from` that this reader sees, counted up to the limits. */
  measure(
    ring: Ring,
    from: number,
    limit: { events: number; bytes: number },
  ): { events: number; bytes: number } {
    const total = { events: 0, bytes: 0 };
    for (let seq = from + 1; seq <= ring.head; seq += 1) {
      const event = ring.at(seq);
      const bytes = event === undefined ? 0 : this.shared.weigh(event, this.#person);
      if (bytes === 0) continue;
      total.events += 1;
      total.bytes += bytes;
      if (total.events > limit.events || total.bytes > limit.bytes) break;
    }
    return total;
  }

  /** Until it is taken back, `waiting` gets what comes next. */
  wait(waiting: Waiting): void {
    this.shared.waiting.set(waiting, this.#person);
  }

  stopWaiting(waiting: Waiting): void {
    this.shared.waiting.delete(waiting);
  }

  #between(ring: Ring, from: number, to: number): EncodedEvent[] {
    const events: EncodedEvent[] = [];
    for (let seq = from + 1; seq <= to; seq += 1) {
      const event = ring.at(seq);
      const told = event === undefined ? null : this.shared.told(event, this.#person);
      if (told !== null) events.push(told);
    }
    return events;
  }
}
