/** Order of work in the pool: live folds before rebuilds and everything else. */
const PRIORITIES = ['live', 'background'] as const;
export type Priority = (typeof PRIORITIES)[number];

interface Waiting {
  /** Leaves one thread to others. */
  readonly spares: boolean;
  readonly begin: () => void;
}

/**
 * Whose turn it is to use the threads: live work before the rest, first in first out within each. Work that spares a
 * thread never has all of them, because a running task is not pre-empted (FINE-PRINT 10).
 *
 * No more tasks begin than there are threads, so whoever has a turn waits at most for a thread that is being started.
 */
export class Turns {
  readonly #waiting: Record<Priority, Waiting[]> = { live: [], background: [] };
  /** Threads that are free, and how many of them work that spares one may take. */
  #free: number;
  #forSparing: number;

  constructor(threads: number) {
    this.#free = threads;
    this.#forSparing = threads - 1;
  }

  /** Resolves when the turn has come, with what is to be called once at its end. */
  take(priority: Priority, spares = priority === 'background'): Promise<() => void> {
    return new Promise((resolve) => {
      const end = () => this.#move(spares, 1);
      this.#waiting[priority].push({ spares, begin: () => resolve(end) });
      this.#beginNext();
    });
  }

  #move(spares: boolean, by: 1 | -1): void {
    this.#free += by;
    if (spares) this.#forSparing += by;
    if (by === 1) this.#beginNext();
  }

  /** What has come or ended lets one begin at most. */
  #beginNext(): void {
    if (this.#free === 0) return;
    for (const priority of PRIORITIES) {
      const queue = this.#waiting[priority];
      const at = queue.findIndex(({ spares }) => !spares || this.#forSparing > 0);
      const [next] = at === -1 ? [] : queue.splice(at, 1);
      if (next === undefined) continue;
      this.#move(next.spares, -1);
      next.begin();
      return;
    }
  }
}
