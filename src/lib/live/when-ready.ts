import { within, type FeedEnvironment } from './environment.ts';
import { retryDelayMs } from './retry-delay.ts';

/** Where an instance says whether it can answer pages yet. */
const READY = '/readyz';
const ANSWER_WITHIN_MS = 5_000;

type Asking = Pick<FeedEnvironment, 'fetch' | 'random' | 'setTimer' | 'online'>;

/**
 * Asks whether the server answers pages, more and more seldom while it does not; whoever waits, waits for the same
 * answer. A server that has just started, or is not there, would put an error in place of figures that are only a
 * little old.
 */
export class Readiness {
  readonly #environment: Asking;
  readonly #end = new AbortController();
  #asking: Promise<boolean> | null = null;
  #wake: () => void = () => undefined;

  constructor(environment: Asking) {
    this.#environment = environment;
  }

  get ended(): boolean {
    return this.#end.signal.aborted;
  }

  /** True once it does; false when nobody waits any longer. */
  whenReady(): Promise<boolean> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** Asks now instead of later. */
  hurry(): void {
    this.#wake();
  }

  end(): void {
    this.#end.abort();
    this.#wake();
  }

  async #ask(): Promise<boolean> {
    for (let failures = 0; !this.ended; failures += 1) {
      if (await this.#isReady()) return !this.ended;
      if (!this.ended) await this.#pause(retryDelayMs(failures, this.#environment.random()));
    }
    return false;
  }

  async #isReady(): Promise<boolean> {
    const environment = this.#environment;
    if (!environment.online()) return false;
    try {
      const { ok } = await within(environment, ANSWER_WITHIN_MS, this.#end.signal, (signal) =>
        environment.fetch(READY, { cache: 'no-store', signal }),
      );
      return ok;
    } catch {
      // No network: the badge says so already.
      return false;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#environment.setTimer(resolve, ms);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
