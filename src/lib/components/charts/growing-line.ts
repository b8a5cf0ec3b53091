/** Cumulative counts at a position of the log; n without neutral ones. */
export interface CountedPoint {
  position: number;
  n: number;
  successes: number;
}

/** The log has to grow by this for its line to look different: three pixels of a tile. */
const GROWTH = 1.014;

/** A history that goes on while its page is open. */
export class GrowingLine {
  #history: readonly CountedPoint[] = [];
  #kept: readonly CountedPoint[] = [];
  #shown: readonly CountedPoint[] = [];

  /**
   * `history` and what came after it, a point for every 1.4 % of growth, and `now`, where the log is. While that moves
   * all the time (`fast`), the end waits for the next of those points and the array stays the same, so that nothing is
   * drawn anew. Another history begins anew: it may be of an earlier place.
   */
  through(history: readonly CountedPoint[], now: CountedPoint, fast: boolean): readonly CountedPoint[] {
    const last = this.#kept.at(-1);
    if (history !== this.#history || last === undefined || now.position < last.position) {
      this.#history = history;
      this.#shown = this.#kept = [...history.filter(({ position }) => position < now.position), now];
    } else if (now.position >= last.position * GROWTH + 1) {
      this.#shown = this.#kept = [...this.#kept, now];
    } else if (!fast && this.#shown.at(-1)?.position !== now.position) {
      this.#shown = [...this.#kept, now];
    }
    return this.#shown;
  }
}
