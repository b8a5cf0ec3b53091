/** Looks in a row that find no step, after which a task is given up. */
export const PATIENCE_LOOKS = 15;
/** Between two looks. */
export const LOOK_MS = 1_000;

/** A worker gave no answer and did not go on with its task either. */
export class StuckTaskError extends Error {
  override readonly name = 'StuckTaskError';

  constructor() {
    super(`A fold thread stood still for ${(PATIENCE_LOOKS * LOOK_MS) / 1_000} s and was ended.`);
  }
}

/**
 * Watches one task in a worker by the steps that it counts, however long it takes; one that counts none, as the short
 * ones for readers and checks do, has as long as patience lasts. Looks are counted and not time: a
 * process that was stopped for an hour, worker and all, has looked once.
 */
export class TaskWatch {
  /** Where the worker counts. */
  readonly steps = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #counter = new Int32Array(this.steps);
  readonly #controller = new AbortController();
  #seen = 0;
  #still = 0;

  /** Aborted when the task is to be given up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  look(): void {
    const steps = Atomics.load(this.#counter, 0);
    this.#still = steps === this.#seen ? this.#still + 1 : 0;
    this.#seen = steps;
    if (this.#still >= PATIENCE_LOOKS) this.#controller.abort();
  }
}

/** Calls `look` again and again; returns how to end that. */
export type Looks = (look: () => void) => () => void;

export const looksByTheClock: Looks = (look) => {
  const timer = setInterval(look, LOOK_MS).unref();
  return () => clearInterval(timer);
};
