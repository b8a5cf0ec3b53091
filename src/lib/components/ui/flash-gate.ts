const AGAIN_AFTER_MS = 2_000;
const WINDOW_MS = 1_000;
/** Figures that one batch moves change together, within a frame or two. */
const TOGETHER_MS = 50;
/** More changes a second than this in view, and none of them flashes. */
const MAX_CHANGES = 5;

/**
 * Decides which changed figures flash: repeated changes of one within two seconds only the first time, and none while
 * the page changes more than five times a second. What one outcome moves at once is one change.
 */
export class FlashGate {
  #lastChange = new Map<symbol, number>();
  #changes: number[] = [];

  /** A figure changed at `now` (ms). @returns whether it may flash */
  changed(figure: symbol, now: number): boolean {
    const before = this.#lastChange.get(figure);
    this.#lastChange.set(figure, now);
    this.#changes = this.#changes.filter((at) => now - at < WINDOW_MS);
    const latest = this.#changes.at(-1);
    if (latest === undefined || now - latest >= TOGETHER_MS) this.#changes.push(now);
    if (before !== undefined && now - before < AGAIN_AFTER_MS) return false;
    return this.#changes.length <= MAX_CHANGES;
  }

  forget(figure: symbol): void {
    this.#lastChange.delete(figure);
  }
}
