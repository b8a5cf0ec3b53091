import type { Distribution } from '../app.ts';

const LATENCY_S = [0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10];

/** A histogram of durations. */
export class Durations {
  readonly #counts = new Array<number>(LATENCY_S.length + 1).fill(0);
  #count = 0;
  #sum = 0;

  /** `ms` milliseconds; `times` for as many that took as long. */
  add(ms: number, times = 1): void {
    const seconds = Math.max(0, ms) / 1_000;
    const found = LATENCY_S.findIndex((bound) => seconds <= bound);
    const bucket = found < 0 ? LATENCY_S.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#count += times;
    this.#sum += seconds * times;
  }

  read(): Distribution {
    return { bounds: LATENCY_S, counts: [...this.#counts], count: this.#count, sum: this.#sum };
  }
}

/** What the feed of this process has done so far. */
export class FeedCounters {
  readonly opened = { stream: 0, poll: 0 };
  readonly resets: Record<string, number> = {};
  readonly goaways: Record<string, number> = {};
  readonly snapshots = { built: 0, sent: 0 };
  readonly latency = new Durations();
  readonly resume = new Durations();
  readonly established = new Durations();
  refused = 0;
  joined = 0;
  delivered = 0;
  deliveredBytes = 0;
  coalesced = 0;
  failed = 0;
  replays = 0;

  reset(reason: string): void {
    this.resets[reason] = (this.resets[reason] ?? 0) + 1;
  }

  goaway(reason: string): void {
    this.goaways[reason] = (this.goaways[reason] ?? 0) + 1;
  }
}
