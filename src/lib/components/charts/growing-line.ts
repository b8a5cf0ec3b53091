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
  #points: readonly CountedPoint[] = [];

  /**
   * `history` and what came after it, a point for every 1.4 % of growth. `now` is where the log is. Between two of
   * those it is the same array, so that nothing is drawn anew. Another history begins anew: it may be of an earlier
   * place.
   */
  through(history: readonly CountedPoint[], now: CountedPoint): readonly CountedPoint[] {
    const last = this.#points.at(-1);
    if (history !== this.#history || last === undefined || now.position < last.position) {
      this.#history = history;
      this.#points = [...history.filter(({ position }) => position < now.position), now];
    } else if (now.position >= last.position * GROWTH + 1) {
      this.#points = [...this.#points, now];
    }
    return this.#points;
  }
}
