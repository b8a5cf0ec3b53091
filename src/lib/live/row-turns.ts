import { PAINT_EVERY_MS } from './paced-queue.ts';

/** Nobody reads a list whose rows change more often, and it costs several times what a figure does. */
export const ROWS_EVERY_MS = 650;

/**
 * When lists change while events come all the time: seldomer than figures, all of them together, and with a painting of
 * figures where there is one. `now` in milliseconds.
 */
export class RowTurns {
  readonly #now: () => number;
  readonly #waiting = new Map<object, () => void>();
  #lastAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** `show` is called with the next turn; of one owner the last counts. */
  wait(owner: object, show: () => void): void {
    this.#waiting.set(owner, show);
    this.#timer ??= setTimeout(() => this.#take(), Math.max(0, this.#dueMs()) + PAINT_EVERY_MS);
  }

  /** Figures are being painted. */
  painting(): void {
    if (this.#waiting.size > 0 && this.#dueMs() <= PAINT_EVERY_MS / 2) this.#take();
  }

  /** Shows what waits, before the page is held still. */
  end(): void {
    if (this.#waiting.size > 0) this.#take();
  }

  #dueMs(): number {
    return this.#lastAt + ROWS_EVERY_MS - this.#now();
  }

  #take(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lastAt = this.#now();
    const shows = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const show of shows) show();
  }
}
