const DELIVERIES = 3;
const WITHIN_MS = 1_500;

/** Whether figures change so often that sliding from one to the next would be one long movement. */
export class Pace {
  #times: number[] = [];

  /** Events were handed to the page at `now` (milliseconds). @returns whether that is fast */
  delivered(now: number): boolean {
    this.#times = [...this.#times, now].slice(-DELIVERIES);
    return this.isFast(now);
  }

  isFast(now: number): boolean {
    const [first] = this.#times;
    return this.#times.length === DELIVERIES && first !== undefined && now - first <= WITHIN_MS;
  }
}

/** How long after the last delivery to look again. */
export const PACE_AGAIN_MS = WITHIN_MS;
