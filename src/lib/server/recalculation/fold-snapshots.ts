import type { FoldImage } from '#lib/domain/patterns/fold-image.ts';
import type { Database } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { CubeBounds, FoldMemory } from './fold-memory.ts';
import { isOfThisHistory, LostTermError } from './log-store.ts';
import { Digests, digestPages, digestParts } from './snapshot-bytes.ts';
import { discardSnapshot, isOfDatabase, readSnapshot, writeSnapshot } from './snapshot-store.ts';

/** How often a memory that changes is written, and at least how much longer than writing takes. */
const INTERVAL_MS = 10_000;
const INTERVAL_TIMES = 20;

const NO_DIGESTS = new Digests(new Uint8Array());

export interface FoldSnapshotsOptions {
  workspaceId: string;
  db: Database;
  logger: Logger;
  cube: CubeBounds;
  /** What is applied now. */
  memory: () => FoldMemory;
  /** The term of this instance while it leads; null otherwise. */
  term: () => number | null;
  /** Says which images must stay as they are while they are written. */
  keep: (images: readonly FoldImage[]) => void;
}

/** Keeps the snapshot of a workspace's fold: written by the leader beside the batches, read at a start. */
export class FoldSnapshots {
  readonly #options: FoldSnapshotsOptions;
  /** Of the parts of the columns as of the last snapshot written or read; those in `changed` have become others. */
  #partDigests = NO_DIGESTS;
  #changed = new Set<number>();
  /** Another number, another memory: what was begun with the former says nothing of it. */
  #generation = 0;
  #writing: Promise<void> | null = null;
  /** Position and settings of the last one written or read. */
  #last: string | null = null;
  #nextAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: FoldSnapshotsOptions) {
    this.#options = options;
  }

  /** A batch was applied, which has written to these parts of the columns. */
  applied(parts: Iterable<number>): void {
    for (const part of parts) this.#changed.add(part);
    this.#schedule();
  }

  /** The memory was built anew, so that nothing is known of its parts. */
  forget(): void {
    this.#partDigests = NO_DIGESTS;
    this.#changed = new Set();
    this.#last = null;
    this.#generation += 1;
  }

  /**
   * The memory of the last snapshot; null when there is none that can be carried on from, and the log must be read.
   * A damaged one is thrown away.
   */
  async load(): Promise<FoldMemory | null> {
    const { db, workspaceId, logger, cube } = this.#options;
    this.forget();
    let damage: readonly string[];
    try {
      const read = await readSnapshot(db.sql, workspaceId, cube);
      if (read === null) return null;
      const { memory, digests } = read;
      damage = read.damage;
      // Asked after the snapshot was read: its leader goes on meanwhile.
      if (!(await isOfThisHistory(db.sql, workspaceId, memory))) damage = ['a history that was lost'];
      if (damage.length === 0) {
        this.#partDigests = digests.parts;
        this.#last = versionOf(memory);
        return memory;
      }
    } catch (thrown) {
      if (isOfDatabase(thrown)) throw thrown;
      damage = [coerceError(thrown).message];
    }
    logger.warn({ workspace: workspaceId, damage }, 'a snapshot is damaged; the log is read instead');
    await discardSnapshot(db.sql, workspaceId);
    return null;
  }

  /** Writes what is applied now, after a write under way, if it is not written already. Does nothing without a term. */
  async write(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    const { memory, term } = this.#options;
    const current = term();
    if (current === null || this.#last === versionOf(memory())) return;
    this.#writing = this.#writeNow(memory(), current).finally(() => {
      this.#writing = null;
    });
    await this.#writing;
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.write();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = null;
        void this.write();
      },
      Math.max(0, this.#nextAt - performance.now()),
    ).unref();
  }

  async #writeNow(memory: FoldMemory, term: number): Promise<void> {
    const { db, workspaceId, logger, keep } = this.#options;
    const started = performance.now();
    const changed = this.#changed;
    const generation = this.#generation;
    this.#changed = new Set();
    keep([memory.image]);
    try {
      const parts = await digestParts(memory, this.#partDigests, changed);
      const pages = await digestPages(memory.image);
      const written = await writeSnapshot(db.sql, workspaceId, term, memory, { pages, parts });
      if (this.#generation === generation) {
        this.#partDigests = parts;
        this.#last = versionOf(memory);
      }
      const ms = Math.round(performance.now() - started);
      logger.debug({ workspace: workspaceId, position: memory.space.position, ...written, ms }, 'snapshot');
    } catch (thrown) {
      if (this.#generation === generation) for (const part of changed) this.#changed.add(part);
      if (!(thrown instanceof LostTermError)) {
        logger.warn({ err: coerceError(thrown), workspace: workspaceId }, 'a snapshot was not written');
      }
    } finally {
      keep([]);
      const took = performance.now() - started;
      this.#nextAt = performance.now() + Math.max(INTERVAL_MS, INTERVAL_TIMES * took);
    }
  }
}

/** Two memories with the same are the same. */
function versionOf({ space, settingsSeen }: FoldMemory): string {
  return `${space.position}-${settingsSeen}`;
}
