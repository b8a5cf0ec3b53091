import { within } from '../event-log/index.ts';

export interface Slots {
  /**
   * Runs the work when one of the places is free; in the order of asking.
   * @throws Error when the work takes too long; its place is free again, though it may go on
   */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** `deadlineMs`: how long work may take; a connection that went dark gives no error for a quarter of an hour. */
export function createSlots(places: number, deadlineMs: number): Slots {
  let free = places;
  const queue: (() => void)[] = [];
  return {
    async run(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => queue.push(resolve));
      try {
        return await within(deadlineMs, work());
      } finally {
        const next = queue.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
