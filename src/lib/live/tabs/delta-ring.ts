import type { Delta } from '#lib/contracts/feed.ts';
import { isKnown } from '../cursor.ts';

/** The newest deltas, for tabs that come late. Holds everything after `from`. */
export class DeltaRing {
  readonly #limit: number;
  #deltas: Delta[] = [];
  #from: string;

  constructor(from: string, limit: number) {
    this.#from = from;
    this.#limit = limit;
  }

  /** Whether it holds everything that comes after `cursor`, which is of the same history. */
  covers(cursor: string): boolean {
    return isKnown(this.#from, cursor);
  }

  push(delta: Delta): void {
    this.#deltas.push(delta);
    // Cut in halves, so that a full ring does not move all its deltas for each new one.
    if (this.#deltas.length <= this.#limit) return;
    const dropped = this.#deltas.splice(0, Math.ceil(this.#limit / 2));
    this.#from = dropped.at(-1)?.c ?? this.#from;
  }

  after(cursor: string): Delta[] {
    return this.#deltas.filter((delta) => !isKnown(delta.c, cursor));
  }

  /** Another history begins. */
  restart(from: string): void {
    this.#deltas = [];
    this.#from = from;
  }
}
