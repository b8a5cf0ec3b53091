import { isDeepStrictEqual } from 'node:util';
import { RESULTS } from '#lib/domain/outcomes/results.ts';
import { byteAt } from '#lib/domain/read-typed-array.ts';
import { CHUNK_BITS, CHUNK_ROWS, META_RESULT, openChunk } from '#lib/domain/patterns/columns.ts';
import type { Departure } from '#lib/domain/patterns/departure.ts';
import { statusOf } from '#lib/domain/patterns/flags.ts';
import { indexOfEffect, type FoldEffect } from '#lib/domain/patterns/fold-effect.ts';
import type { ImageView } from '#lib/domain/patterns/fold-image.ts';
import { holds, itemColumns } from '#lib/domain/patterns/item-columns.ts';
import { exactOf } from '#lib/domain/patterns/standing-side.ts';
import { readTracked, type TrackedPattern } from '#lib/domain/patterns/tracked-patterns.ts';
import { confidence } from '#lib/domain/statistics/confidence.ts';
import type { TransactionSql } from '../db/client.ts';
import type { AppliedBatch } from './fold-commits.ts';
import type { FoldMemory } from './fold-memory.ts';
import type { PatternAnswers } from './pattern-answers.ts';

/** A point is kept where confidence has moved by this much, or n by this share of itself (FINE-PRINT 13). */
const CONFIDENCE_STEP = 0.01;
const COUNT_STEP = 0.05;
const NEUTRAL = RESULTS.indexOf('neutral');

/** What of a kept point decides about the next one. */
interface Kept {
  n: number;
  confidence: number;
  confidenceWorse: number;
  status: string;
}

interface KeptEvent {
  /** `reread`: the log was read anew; what is kept from before is of another reading. */
  kind: FoldEffect['kind'] | 'reread';
  side: 'better' | 'worse';
  position: number;
}

interface HistoryRow extends Kept {
  patternId: string;
  successes: number;
  logE: number;
  confidenceBefore: number | null;
  triggerPosition: number | null;
  events: KeptEvent[];
  /** The pattern has left its place. */
  isLast: boolean;
}

/** What was found as a log was read again, from behind a position up to that of a memory. */
export interface LogReadAnew {
  readonly after: number;
  readonly effects: readonly FoldEffect[];
  readonly foldMs: number;
}

/**
 * Keeps what patterns were: at most one point for each pattern and batch, written by the leader alone in the
 * transaction that applies the batch, so that nothing is written twice.
 */
export class PatternHistory {
  readonly #workspaceId: string;
  readonly #answers: PatternAnswers;
  /** The last kept points by id; null: to be read. */
  #last: Map<string, Kept> | null = null;
  /** Those of the batch under way, which count once its memory is the current one. */
  #made: { memory: FoldMemory; rows: readonly HistoryRow[] } | null = null;

  constructor(workspaceId: string, answers: PatternAnswers) {
    this.#workspaceId = workspaceId;
    this.#answers = answers;
  }

  /** Writes the points of a batch; null where it touched nothing. `before`: what it was folded from. */
  writerFor(batch: AppliedBatch, before: FoldMemory): ((tx: TransactionSql) => Promise<void>) | null {
    const { memory } = batch;
    this.#made = { memory, rows: [] };
    if (batch.touched.length === 0 && batch.effects.length === 0) return null;
    return async (tx) => {
      this.#last ??= await this.#readLast(tx, memory);
      const rows = this.#rowsOf(batch, before, this.#last);
      this.#made = { memory, rows };
      if (rows.length > 0) await this.#write(tx, batch, rows);
    };
  }

  /**
   * Writes one point for each pattern of which the history has another reading, with all that this one has found. Where
   * it has the same, which is the rule, it writes nothing.
   */
  writerOf(reading: LogReadAnew, memory: FoldMemory): (tx: TransactionSql) => Promise<void> {
    this.#last = null;
    return async (tx) => {
      const last = await this.#readLast(tx, memory);
      const told = await this.#readEvents(tx, reading.after);
      const rows = this.#rowsOfReading(reading, memory, last, told);
      if (rows.length > 0 && reading.after > 0) {
        const before = await this.#readEvents(tx, 0);
        for (const { patternId, events } of rows) {
          const earlier = (before.get(patternId) ?? []).filter(
            (one) => one.position <= reading.after && !events.some((event) => isDeepStrictEqual(event, one)),
          );
          events.splice(1, 0, ...earlier);
        }
      }
      if (rows.length > 0) await this.#write(tx, { memory, foldMs: reading.foldMs }, rows, 'instead');
    };
  }

  /** The memory is another one: by the batch that was just written, or by somebody else's. */
  moved(memory: FoldMemory): void {
    if (this.#made?.memory !== memory) this.#last = null;
    else {
      for (const row of this.#made.rows) {
        if (row.isLast) this.#last?.delete(row.patternId);
        else this.#last?.set(row.patternId, row);
      }
    }
    this.#made = null;
  }

  #rowsOf(batch: AppliedBatch, before: FoldMemory, last: ReadonlyMap<string, Kept>): HistoryRow[] {
    const { memory } = batch;
    const { view } = this.#answers.standings(memory);
    const effects = byBirth(batch.effects);
    const rows = new Map<string, HistoryRow>();
    const keep = (row: HistoryRow) => {
      // It has left and is back, all in this batch: one point, with what happened to both.
      const left = rows.get(row.patternId);
      if (left !== undefined) row.events.unshift(...left.events);
      rows.set(row.patternId, row);
    };
    for (const left of batch.evicted) {
      const patternId = this.#answers.names.of(memory.space, left).id;
      keep({
        ...lastFacts(left),
        patternId,
        confidenceBefore: last.get(patternId)?.confidence ?? null,
        triggerPosition: lastMatch(memory, left, before.space.position, left.position),
        events: (effects.get(left.ordinal) ?? []).map(toEvent),
        isLast: true,
      });
    }
    for (const index of new Set([...batch.touched, ...livingOf(view, batch.effects)])) {
      const pattern = readTracked(view, index);
      if (pattern === null) continue;
      const events = (effects.get(pattern.ordinal) ?? []).map(toEvent);
      const now = factsNow(view, pattern);
      const patternId = this.#answers.names.of(memory.space, pattern).id;
      const former = last.get(patternId) ?? null;
      const isKept = events.length > 0 || rows.has(patternId) || former === null || isNews(former, now);
      if (!isKept) continue;
      keep({
        ...now,
        patternId,
        confidenceBefore: former?.confidence ?? null,
        triggerPosition: lastMatch(memory, pattern, before.space.position, memory.space.position),
        events,
        isLast: false,
      });
    }
    return [...rows.values()];
  }

  #rowsOfReading(
    { effects: found, after }: LogReadAnew,
    memory: FoldMemory,
    last: ReadonlyMap<string, Kept>,
    told: ReadonlyMap<string, KeptEvent[]>,
  ): HistoryRow[] {
    const { view, rows: tracked } = this.#answers.standings(memory);
    const effects = byBirth(found);
    return tracked.flatMap(({ id, index }): HistoryRow[] => {
      const pattern = readTracked(view, index);
      if (pattern === null) return [];
      const events = (effects.get(pattern.ordinal) ?? []).map(toEvent);
      const now = factsNow(view, pattern);
      const former = last.get(id) ?? null;
      const isTold = isEndOf(told.get(id) ?? [], events, after);
      if (isTold && former !== null && !isNews(former, now)) return [];
      const side = former !== null && former.confidenceWorse > former.confidence ? 'worse' : 'better';
      return [
        {
          ...now,
          patternId: id,
          confidenceBefore: former?.confidence ?? null,
          triggerPosition: null,
          events: [{ kind: 'reread', side, position: memory.space.position }, ...events],
          isLast: false,
        },
      ];
    });
  }

  /** `instead`: of what was kept at the same position, since that is of another reading. */
  async #write(
    tx: TransactionSql,
    { memory, foldMs }: Pick<AppliedBatch, 'memory' | 'foldMs'>,
    rows: HistoryRow[],
    events: 'besides' | 'instead' = 'besides',
  ): Promise<void> {
    const column = <T>(of: (row: HistoryRow) => T): T[] => rows.map(of);
    // Settings take effect between two entries, so a position may come a second time, with more events.
    await tx`
      insert into pattern_history (workspace_id, pattern_id, position, n, successes, confidence, confidence_worse,
        log_e, status, confidence_before, trigger_position, events, processing_ms)
      select ${this.#workspaceId}, h.pattern_id, ${memory.space.position}, h.n, h.successes, h.confidence,
        h.confidence_worse, h.log_e, h.status, h.confidence_before, h.trigger_position, h.events::jsonb, ${foldMs}
      from unnest(
        ${column((r) => r.patternId)}::text[], ${column((r) => r.n)}::int[], ${column((r) => r.successes)}::int[],
        ${column((r) => r.confidence)}::float8[], ${column((r) => r.confidenceWorse)}::float8[],
        ${column((r) => r.logE)}::float8[], ${column((r) => r.status)}::text[],
        ${column((r) => r.confidenceBefore)}::float8[], ${column((r) => r.triggerPosition)}::bigint[],
        ${column((r) => (r.events.length === 0 ? null : JSON.stringify(r.events)))}::text[]
      ) as h (pattern_id, n, successes, confidence, confidence_worse, log_e, status, confidence_before,
        trigger_position, events)
      on conflict (workspace_id, pattern_id, position) do update
      set n = excluded.n, successes = excluded.successes, confidence = excluded.confidence,
          confidence_worse = excluded.confidence_worse, log_e = excluded.log_e, status = excluded.status,
          events = ${
            events === 'instead'
              ? tx`excluded.events`
              : tx`coalesce(pattern_history.events || excluded.events, excluded.events, pattern_history.events)`
          }`;
  }

  async #readLast(tx: TransactionSql, memory: FoldMemory): Promise<Map<string, Kept>> {
    const { rows: tracked } = this.#answers.standings(memory);
    const rows = await tx<(Kept & { pattern_id: string })[]>`
      select h.pattern_id, h.n, h.confidence, h.confidence_worse as "confidenceWorse", h.status
      from unnest(${tracked.map(({ id }) => id)}::text[], ${tracked.map(({ bornAt }) => bornAt)}::bigint[])
        as tracked (id, born_at)
      cross join lateral (
        select * from pattern_history
        where workspace_id = ${this.#workspaceId} and pattern_id = tracked.id and position >= tracked.born_at
        order by position desc limit 1
      ) as h`;
    return new Map(rows.map(({ pattern_id: id, ...kept }) => [id, kept]));
  }

  /** What points from a position on say has happened to each pattern since it got its place, in the last reading. */
  async #readEvents(tx: TransactionSql, from: number): Promise<Map<string, KeptEvent[]>> {
    const rows = await tx<{ pattern_id: string; events: KeptEvent[] }[]>`
      select pattern_id, events from pattern_history
      where workspace_id = ${this.#workspaceId} and events is not null and position >= ${from}
      order by position`;
    const told = new Map<string, KeptEvent[]>();
    for (const { pattern_id: id, events } of rows) {
      for (const event of events) {
        if (event.kind === 'reread' || event.kind === 'evicted') told.delete(id);
        else if (told.get(id)?.push(event) === undefined) told.set(id, [event]);
      }
    }
    return told;
  }
}

/** What is written of a pattern that has a place. */
function factsNow(view: ImageView, { index, n, successes }: TrackedPattern) {
  const { logEPlus, logEMinus } = exactOf(view, index);
  return {
    n,
    successes,
    confidence: confidence(logEPlus),
    confidenceWorse: confidence(logEMinus),
    logE: Math.max(logEPlus, logEMinus),
    status: statusOf(byteAt(view.flags, index)),
  };
}

/** By the number of the pattern's birth, in order. */
function byBirth(effects: readonly FoldEffect[]): ReadonlyMap<number, FoldEffect[]> {
  const found = new Map<number, FoldEffect[]>();
  for (const effect of effects) {
    const others = found.get(effect.ordinal);
    if (others === undefined) found.set(effect.ordinal, [effect]);
    else others.push(effect);
  }
  return found;
}

/** Indexes of the patterns that something happened to and that have a place. */
function livingOf(view: ImageView, effects: readonly FoldEffect[]): number[] {
  return effects.map((effect) => indexOfEffect(view, effect)).filter((index) => index >= 0);
}

/** What is written of a pattern that has left its place. */
function lastFacts({ n, successes, logEPlus, logEMinus }: Departure) {
  return {
    n,
    successes,
    confidence: confidence(logEPlus),
    confidenceWorse: confidence(logEMinus),
    logE: Math.max(logEPlus, logEMinus),
    status: 'retired',
  };
}

const toEvent = ({ kind, side, position }: FoldEffect): KeptEvent => ({
  kind,
  side: sideWord(side),
  position,
});

const sideWord = (side: FoldEffect['side']): 'better' | 'worse' => (side === 1 ? 'better' : 'worse');

/** Whether these events, of what is behind a position, are what the told ones end with, and nothing else is there. */
function isEndOf(told: readonly KeptEvent[], events: readonly KeptEvent[], after: number): boolean {
  const start = told.length - events.length;
  return (
    start >= 0 &&
    isDeepStrictEqual(told.slice(start), events) &&
    told.slice(0, start).every(({ position }) => position <= after)
  );
}

function isNews(former: Kept, now: Kept): boolean {
  return (
    now.status !== former.status ||
    Math.abs(now.confidence - former.confidence) >= CONFIDENCE_STEP ||
    Math.abs(now.confidenceWorse - former.confidenceWorse) >= CONFIDENCE_STEP ||
    Math.abs(now.n - former.n) >= Math.max(1, COUNT_STEP * former.n)
  );
}

/** Position of the last entry in `(after, through]` that counts in the pattern, or takes back what did; null: none. */
function lastMatch(
  { columns }: FoldMemory,
  pattern: { readonly slots: readonly number[]; readonly codes: readonly number[] },
  after: number,
  through: number,
): number | null {
  for (let row = through - 1; row >= after;) {
    const chunkAt = row >>> CHUNK_BITS;
    const { codes, meta } = openChunk(columns, chunkAt);
    const own = itemColumns(codes, pattern);
    for (; row >= after && row >>> CHUNK_BITS === chunkAt; row -= 1) {
      const at = row & (CHUNK_ROWS - 1);
      if ((byteAt(meta, at) & META_RESULT) !== NEUTRAL && holds(own, at)) return row + 1;
    }
  }
  return null;
}
