import { openImage } from '#lib/domain/patterns/fold-image.ts';
import { frozenReplays } from '#lib/domain/patterns/prepared-replay.ts';
import type { ReplayWork } from '#lib/domain/patterns/replay-places.ts';
import { coerceError } from '../errors.ts';
import type { FoldMemory } from './fold-memory.ts';
import type { FoldPool } from './fold-pool.ts';
import type { StoredSetting } from './log-store.ts';

/** Corrections come in rows: wait for the last of them, but not for ever. */
const QUIET_MS = 250;
const PATIENCE_MS = 2_000;
/** After a failure. */
const RETRY_MS = 5_000;
/**
 * Times a replay's own work that pass before the next, and the longest that it is put off: a refold does all this work
 * again, swap by swap, so a log of many corrections must not hold more of it than its years can bear.
 */
const PACE = 50;
const LONGEST_PACE_MS = 300_000;
/** Nothing that a slice takes beyond this is its own work. */
const SLICE_MS = 20;

export interface EvidenceReplayOptions {
  pool: FoldPool;
  /** What is applied now. */
  memory: () => FoldMemory;
  /** Records the swap and has it placed. @throws when this instance does not lead any more */
  store: (through: number) => Promise<void>;
  onFailure: (error: Error) => void;
  /** Times its own work that passes before the next replay; default `PACE`. */
  pace?: number | undefined;
}

/**
 * Replays what corrections froze, beside the fold and at low priority, and asks for the swap when it is done
 * (FINE-PRINT 7). At most one at a time; only a leader has one. What a crash interrupts stays frozen, and the next
 * leader begins again.
 */
export class EvidenceReplay {
  readonly #options: EvidenceReplayOptions;
  /** On its way, or done and waiting for its swap to be applied. */
  #work: ReplayWork | null = null;
  #done = false;
  #timer: NodeJS.Timeout | null = null;
  #firstAt: number | null = null;
  /** The next replay begins no sooner. */
  #notBefore = 0;

  constructor(options: EvidenceReplayOptions) {
    this.#options = options;
  }

  /** Something may have been frozen. */
  request(delayMs = QUIET_MS): void {
    const now = performance.now();
    this.#firstAt ??= now;
    if (this.#work !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const wait = Math.max(
      0,
      Math.min(delayMs, this.#firstAt + Math.max(PATIENCE_MS, delayMs) - now),
      this.#notBefore - now,
    );
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#start();
    }, wait).unref();
  }

  /** The replay for a swap among these settings, if it is this one's and done: a former leader may have asked too. */
  preparedFor(settings: readonly StoredSetting[]): ReplayWork | null {
    return this.#done && this.#isAmong(settings) ? this.#work : null;
  }

  /** These settings are in force: a swap of ours is done, and what came after it can begin. */
  applied(settings: readonly StoredSetting[]): void {
    if (!this.#isAmong(settings)) return;
    this.#work = null;
    if (this.#firstAt !== null) this.request();
  }

  /** Leadership or the memory was lost. */
  drop(): void {
    this.#work = null;
    this.#firstAt = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #isAmong(settings: readonly StoredSetting[]): boolean {
    const through = this.#work?.through;
    return through !== undefined && settings.some(({ entry }) => swapThrough(entry) === through);
  }

  #start(): void {
    const memory = this.#options.memory();
    this.#firstAt = null;
    if (!hasFrozen(memory)) return;
    const work = frozenReplays(memory.image);
    this.#work = work;
    this.#done = false;
    if (work !== null) void this.#carryOut(work, memory);
  }

  async #carryOut(work: ReplayWork, { columns }: FoldMemory): Promise<void> {
    const { pool, store, onFailure, pace = PACE } = this.#options;
    let workMs = 0;
    try {
      for (let done = false; !done;) {
        const started = performance.now();
        done = await pool.replay(work, columns);
        workMs += Math.min(SLICE_MS, performance.now() - started);
        if (this.#work !== work) return;
      }
      this.#done = true;
      this.#notBefore = performance.now() + Math.min(LONGEST_PACE_MS, pace * workMs);
      await store(work.through);
    } catch (thrown) {
      if (this.#work !== work) return;
      this.drop();
      onFailure(coerceError(thrown));
      this.request(RETRY_MS);
    }
  }
}

function swapThrough(entry: StoredSetting['entry']): number | null {
  return entry.kind === 'evidence.swap' ? entry.payload.through : null;
}

/** Whether an image holds evidence that waits for a replay: cheaper than to ask for its work. */
function hasFrozen({ image }: FoldMemory): boolean {
  const { frozenAt, pairFrozenAt, pairKind, jointFrozenAt } = openImage(image);
  return (
    frozenAt.some((at) => at !== 0) ||
    pairFrozenAt.some((at, pair) => at !== 0 && pairKind[pair] !== 0) ||
    jointFrozenAt.some((at) => at !== 0)
  );
}
