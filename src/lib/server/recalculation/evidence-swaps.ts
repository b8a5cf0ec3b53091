import { type NextSwap, nextSwap } from '#lib/domain/patterns/next-swap.ts';
import { coerceError } from '../errors.ts';
import type { FoldMemory } from './fold-memory.ts';
import type { StoredSetting } from './log-store.ts';

/** Corrections come in rows: wait for the last of them, but not for ever. */
const QUIET_MS = 250;
const PATIENCE_MS = 2_000;
/** After a failure. */
const RETRY_MS = 5_000;
/** Times the work of a swap's batch that pass before the next, for what else the thread has to do. */
const PACE = 2;

export interface EvidenceSwapsOptions {
  /** What is applied now. */
  memory: () => FoldMemory;
  /** Records the swap and has it placed. @throws when this instance does not lead any more */
  store: (swap: NextSwap) => Promise<void>;
  onFailure: (error: Error) => void;
}

/**
 * Decides when what was taken back leaves the evidence, so that many retracts share a swap and no swap has too many
 * (FINE-PRINT 7). The fold itself does the work, of whoever applies the swap. Only a leader has one; what a crash leaves
 * undone the next leader finds.
 */
export class EvidenceSwaps {
  readonly #options: EvidenceSwapsOptions;
  /** Asked for, and not applied yet. */
  #asked: NextSwap | null = null;
  #timer: NodeJS.Timeout | null = null;
  #firstAt: number | null = null;
  /** The next swap comes no sooner. */
  #notBefore = 0;

  constructor(options: EvidenceSwapsOptions) {
    this.#options = options;
  }

  /** Something may have been taken back. */
  request(delayMs = QUIET_MS): void {
    const now = performance.now();
    this.#firstAt ??= now;
    if (this.#asked !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const patience = this.#firstAt + Math.max(PATIENCE_MS, delayMs) - now;
    const wait = Math.max(0, Math.min(delayMs, patience), this.#notBefore - now);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#ask();
    }, wait).unref();
  }

  /** These settings are in force; `foldMs`: what their batch has cost. A former leader's swap is as good as ours. */
  applied(settings: readonly StoredSetting[], foldMs: number): void {
    if (!settings.some(({ entry }) => entry.kind === 'evidence.swap')) return;
    this.#asked = null;
    this.#notBefore = performance.now() + PACE * foldMs;
    this.request(0);
  }

  /** Leadership or the memory was lost. */
  drop(): void {
    this.#asked = null;
    this.#firstAt = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #ask(): Promise<void> {
    const { memory, store, onFailure } = this.#options;
    this.#firstAt = null;
    const { image, columns } = memory();
    const swap = nextSwap(image, columns);
    if (swap === null) return;
    this.#asked = swap;
    try {
      await store(swap);
    } catch (thrown) {
      if (this.#asked !== swap) return;
      this.drop();
      onFailure(coerceError(thrown));
      this.request(RETRY_MS);
    }
  }
}
