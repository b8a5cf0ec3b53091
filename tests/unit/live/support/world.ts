import type { FeedEnvironment } from '#lib/live/environment.ts';

interface Timer {
  at: number;
  act: () => void;
}

/** A world without time: timers run when told. Wall time can be set apart from the time that only runs forward. */
export class World {
  elapsed = 0;
  wallOffset = 1_700_000_000_000;
  random = 1;
  online = true;
  #timers = new Set<Timer>();

  /** What a page, a worker or a script sees of it; `fetch` is the server's. */
  environment(fetch: FeedEnvironment['fetch']): FeedEnvironment {
    return {
      fetch,
      now: () => this.elapsed + this.wallOffset,
      elapsed: () => this.elapsed,
      random: () => this.random,
      online: () => this.online,
      setTimer: (act, ms) => {
        const timer = { at: this.elapsed + ms, act };
        this.#timers.add(timer);
        return () => this.#timers.delete(timer);
      },
    };
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Lets everything that is under way come to rest; no time passes. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async pass(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    await this.settle();
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.elapsed = Math.max(this.elapsed, due.at);
      this.#timers.delete(due);
      due.act();
      await this.settle();
    }
    this.elapsed = end;
    await this.settle();
  }

  /** The machine sleeps: time goes by on the wall, nothing runs. */
  sleep(ms: number): void {
    this.wallOffset += ms;
  }
}
