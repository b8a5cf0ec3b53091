import { compatParts, type EncodedEvent } from './encode.ts';

/** What a class of readers gets to see of the positions after `from` up to `to`. */
export class Segment {
  readonly from: number;
  readonly to: number;
  readonly events: readonly EncodedEvent[];
  /** What is for one person of the class alone, each for somebody. */
  readonly personal: readonly EncodedEvent[];
  readonly #compat: boolean;
  #bytes: Uint8Array | null = null;

  constructor(part: {
    from: number;
    to: number;
    events: readonly EncodedEvent[];
    personal?: readonly EncodedEvent[];
    compat: boolean;
  }) {
    this.from = part.from;
    this.to = part.to;
    this.events = part.events;
    this.personal = part.personal ?? [];
    this.#compat = part.compat;
  }

  /** The frames of the events joined: when first asked for, and once for everybody who reads them. */
  get bytes(): Uint8Array {
    const { events } = this;
    this.#bytes ??= Buffer.concat(
      this.#compat ? events.flatMap(compatParts) : events.map(({ frame }) => frame),
    );
    return this.#bytes;
  }

  /** As the person of this scope sees it: the same one for everybody, but for those whom something in it is for. */
  for(person: string | null): Segment {
    const theirs = this.personal.filter(({ scope }) => scope === person);
    if (theirs.length === 0) return this;
    const events = [...this.events, ...theirs].sort((a, b) => a.seq - b.seq);
    return new Segment({ from: this.from, to: this.to, events, compat: this.#compat });
  }
}
