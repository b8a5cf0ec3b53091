import type { FeedEnvironment } from './environment.ts';
import { retryDelayMs } from './retry-delay.ts';

/** Where an instance says whether it can answer pages yet. */
const READY = '/readyz';
const ANSWER_WITHIN_MS = 5_000;

/**
 * Asks whether the server answers pages, more and more seldom while it does not; whoever waits, waits for the same
 * answer. A server that has just started, or is not there, would put an error in place of figures that are only a
 * little old.
 */
export class Readiness {
  readonly #environment: Pick<FeedEnvironment, 'fetch' | 'random' | 'setTimer' | 'online'>;
  readonly #end = new AbortController();
  #asking: Promise<boolean> | null = null;
  #wake: () => void = () => undefined;

  constructor(environment: Pick<FeedEnvironment, 'fetch' | 'random' | 'setTimer' | 'online'>) {
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
    const { fetch, online, setTimer } = this.#environment;
    if (!online()) return false;
    const own = new AbortController();
    const abort = () => own.abort();
    this.#end.signal.addEventListener('abort', abort);
    const cancel = setTimer(abort, ANSWER_WITHIN_MS);
    try {
      const { ok } = await fetch(READY, { cache: 'no-store', signal: own.signal });
      return ok;
    } catch {
      // No network: the badge says so already.
      return false;
    } finally {
      cancel();
      this.#end.signal.removeEventListener('abort', abort);
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
