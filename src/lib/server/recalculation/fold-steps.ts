import { encodeEntries } from '#lib/domain/attributes/encode-entries.ts';
import type { OwnDecision, SettingEntry } from '#lib/domain/attributes/setting-entry.ts';
import { foldMetrics } from '#lib/domain/metrics/metrics-state.ts';
import { partsOfBatch } from '#lib/domain/patterns/column-parts.ts';
import type { Departure } from '#lib/domain/patterns/departure.ts';
import type { FoldEffect } from '#lib/domain/patterns/fold-effect.ts';
import type { FoldImage } from '#lib/domain/patterns/fold-image.ts';
import type { FoldMemory, LogEnd } from './fold-memory.ts';
import type { FoldPool } from './fold-pool.ts';
import type { PlacedEntry, StoredSetting } from './log-store.ts';
import type { Priority } from './turns.ts';

/** Not a fault: the memory cannot be carried on and is built again from the log. */
export class RefoldNeeded extends Error {
  /** The first setting that changes the past. */
  readonly because: SettingEntry;

  constructor(because: SettingEntry) {
    super(`The setting ${because.kind} changes the past; the log is read again.`);
    this.because = because;
  }
}

/** A setting that the fold decided itself, to be stored with the batch. */
export type StoredDecision = OwnDecision & { readonly effectiveAfter: number };

/** What a batch brings to the fold. */
export interface Batch {
  entries: readonly PlacedEntry[];
  /** Settings not given to the memory yet. */
  settings: readonly StoredSetting[];
  priority: Priority;
}

/** The memory after a batch, and what the batch did. */
export interface Folded {
  memory: FoldMemory;
  /** Ascending indexes of tracked patterns whose facts changed. */
  touched: Int32Array;
  /** What became true of patterns, in order. */
  effects: readonly FoldEffect[];
  /** Patterns that left their places, in order. */
  evicted: readonly Departure[];
  decisions: readonly StoredDecision[];
  /** Parts of the columns that were written to. */
  parts: ReadonlySet<number>;
  /** Time in the worker. */
  foldMs: number;
}

/** Folds batch after batch, with two images that take turns. */
export class FoldSteps {
  readonly #pool: FoldPool;
  #spare: FoldImage | null = null;
  /** Somebody still reads this image: it is never overwritten. */
  #kept: ReadonlySet<FoldImage> = new Set();

  constructor(pool: FoldPool) {
    this.#pool = pool;
  }

  /** Forgets the spare image, as when the memory that it belongs to is thrown away. */
  reset(): void {
    this.#spare = null;
    this.#kept = new Set();
  }

  /** From now on these images, and no others, stay as they are when the fold moves on. */
  keep(images: Iterable<FoldImage>): void {
    const former = this.#kept;
    this.#kept = new Set(images);
    // While a batch is being committed, the image before it waits here already.
    if (this.#spare !== null && this.#kept.has(this.#spare)) this.#spare = null;
    for (const image of former) if (!this.#kept.has(image)) this.#spare ??= image;
  }

  /**
   * Folds a batch; `memory` stays as it is, but its image is overwritten by the step after the next.
   * @throws RefoldNeeded when a setting changes what earlier entries mean
   */
  async fold(memory: FoldMemory, { entries, settings, priority }: Batch): Promise<Folded> {
    let clock = memory.lastRecordedAtMs;
    const facts = entries.map((entry) => {
      clock = Math.max(clock ?? entry.recordedAtMs, entry.recordedAtMs);
      return { ...entry, recordedAtMs: clock };
    });
    // What the fold decided itself it decides again; only what people and the leader set is news.
    const news = settings.filter(({ byFold }) => !byFold).map(({ entry }) => entry);
    const encoded = encodeEntries(memory.space, facts, news);
    if (encoded.kind === 'refold') {
      throw new RefoldNeeded(encoded.because);
    }
    const parts = partsOfBatch(encoded.batch);
    const spare = this.#spare;
    this.#spare = null;
    const task = { front: memory.image, spare, columns: memory.columns, batch: encoded.batch };
    const answer = await this.#pool.fold(task, priority);
    if (!this.#kept.has(memory.image)) this.#spare = memory.image;
    return {
      memory: {
        space: encoded.space,
        image: answer.image,
        columns: answer.columns,
        metrics: foldMetrics(memory.metrics, facts),
        leaders: answer.leaders,
        confirmations: withConfirmed(memory.confirmations, answer.effects),
        lastRecordedAtMs: clock,
        settingsSeen: settings.at(-1)?.entry.ordinal ?? memory.settingsSeen,
        end: endAfter(memory.end, entries.at(-1), settings.at(-1)),
      },
      touched: answer.touched,
      effects: answer.effects,
      evicted: answer.evicted,
      decisions: encoded.decisions,
      parts,
      foldMs: answer.foldMs,
    };
  }
}

/** The end of the log after a batch that ended with these, where it had any. */
export function endAfter(
  before: LogEnd,
  entry: PlacedEntry | undefined,
  setting: StoredSetting | undefined,
): LogEnd {
  return {
    entry: entry === undefined ? before.entry : { id: entry.id, outcomeId: entry.outcomeId },
    setting:
      setting === undefined
        ? before.setting
        : {
            effectiveAfter: setting.entry.effectiveAfter,
            ordinal: setting.entry.ordinal,
            recordedAt: setting.recordedAt,
          },
  };
}

function withConfirmed(before: readonly number[], effects: readonly FoldEffect[]): readonly number[] {
  const confirmed = effects.filter(({ kind }) => kind === 'confirmed').map(({ position }) => position);
  return confirmed.length === 0 ? before : [...before, ...confirmed];
}
