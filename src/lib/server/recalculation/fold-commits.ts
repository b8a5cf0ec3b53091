import type { Departure } from '#lib/domain/patterns/departure.ts';
import type { FoldEffect } from '#lib/domain/patterns/fold-effect.ts';
import type { Database, TransactionSql } from '../db/client.ts';
import type { FeedEvent } from '../event-log/append-events.ts';
import type { FoldMemory } from './fold-memory.ts';
import type { StoredDecision } from './fold-steps.ts';
import {
  commitApplied,
  LostTermError,
  takeTerm,
  type FoldProgress,
  type WaitingSetting,
} from './log-store.ts';
import type { PatternRow } from './pattern-rows.ts';

const FLUSH_MS = 1_000;
/** Rows of patterns written at once: a thousand cost some 30 ms, which the next batch would wait for. */
const FLUSH_ROWS = 400;

/** A batch as its readers are told of it. */
export interface AppliedBatch {
  /** The state after it. */
  memory: FoldMemory;
  touched: Int32Array;
  effects: readonly FoldEffect[];
  evicted: readonly Departure[];
  /** Time that its fold took in the worker. */
  foldMs: number;
  /** Which outcomes got which positions, in a batch small enough to say so. */
  counted: { id: string; position: number }[] | undefined;
  /** What still waits behind it. */
  rest: { count: number; oldest: number | null };
}

/** What is written with the fold's progress. */
export interface Commit {
  memory: FoldMemory;
  /** Settings that take their place with it. */
  settings?: readonly WaitingSetting[];
  decisions?: readonly StoredDecision[];
  events?: readonly FeedEvent[];
  /** Rows of patterns that have left their places with it. */
  former?: readonly PatternRow[];
  /** Writes more in the same transaction. */
  history?: ((tx: TransactionSql) => Promise<void>) | null;
}

export interface FoldCommitsOptions {
  workspaceId: string;
  db: Database;
  instance: string;
  patternRows: (memory: FoldMemory, indexes: Iterable<number>) => PatternRow[];
  /** Rows of patterns wait, and no batch may come to take them along; false when that cannot be done now. */
  onDue: () => boolean;
}

/** The writes of a leader: a term, and behind it progress, decisions, events and, once a second, rows of patterns. */
export class FoldCommits {
  readonly #options: FoldCommitsOptions;
  /** Set while this instance leads; null otherwise. */
  #progress: FoldProgress | null = null;
  #dirty = new Set<number>();
  #flushedAt = -Infinity;
  #flushTimer: NodeJS.Timeout | null = null;

  constructor(options: FoldCommitsOptions) {
    this.#options = options;
  }

  get progress(): FoldProgress | null {
    return this.#progress;
  }

  get hasRowsToWrite(): boolean {
    return this.#dirty.size > 0;
  }

  /** Begins a term, which counts as this instance's from `lead` on. */
  takeTerm(): Promise<FoldProgress> {
    return takeTerm(this.#options.db.sql, this.#options.workspaceId, this.#options.instance);
  }

  lead(progress: FoldProgress): void {
    this.#progress = progress;
  }

  /** Positions were given up to here. */
  placed(position: number): void {
    if (this.#progress !== null) this.#progress = { ...this.#progress, placed: position };
  }

  /** The term is over, or may be; writes of it are refused by the database anyway. */
  endTerm(): void {
    this.#progress = null;
  }

  stop(): void {
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
  }

  /** These patterns' rows are older than the memory. */
  mark(indexes: Iterable<number>): void {
    for (const index of indexes) this.#dirty.add(index);
  }

  /** These and no others. */
  markOnly(indexes: Iterable<number>): void {
    this.#dirty = new Set(indexes);
  }

  /** @throws LostTermError when another instance leads */
  async write(commit: Commit, all = false): Promise<void> {
    const { memory, settings = [], decisions = [], events = [], former = [], history = null } = commit;
    const progress = this.#progress;
    if (progress === null) throw new LostTermError('This instance does not lead the workspace any more.');
    const { db, workspaceId, patternRows } = this.#options;
    const at = performance.now();
    const due = at - this.#flushedAt >= FLUSH_MS;
    const written = all ? [...this.#dirty] : due ? [...this.#dirty].slice(0, FLUSH_ROWS) : [];
    const { position } = memory.space;
    const patterns = [...patternRows(memory, written), ...former];
    const { end } = memory;
    const applied = { workspaceId, progress, position, end, settings, decisions, patterns, events, history };
    await commitApplied(db, applied);
    // A term that ended meanwhile stays ended, although its last write was accepted.
    if (this.#progress === progress) this.#progress = { ...progress, applied: position };
    for (const index of written) this.#dirty.delete(index);
    if (written.length > 0) this.#flushedAt = at;
    if (this.#dirty.size > 0) this.#flushLater();
  }

  /** Rows of patterns are written at most once a second; the last change must not wait for the next outcome. */
  #flushLater(): void {
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = null;
      if (this.#dirty.size === 0 || this.#progress === null) return;
      if (!this.#options.onDue()) this.#flushLater();
    }, FLUSH_MS).unref();
  }
}
