export interface Slots {
  /** Runs the work when one of the places is free; in the order of asking. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function createSlots(places: number): Slots {
  let free = places;
  const queue: (() => void)[] = [];
  return {
    async run(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => queue.push(resolve));
      try {
        return await work();
      } finally {
        const next = queue.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
