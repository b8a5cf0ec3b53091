import type { PatternView } from '#lib/contracts/pattern.ts';
import type { FeedValues } from '#lib/contracts/feed.ts';
import { type Departure, goneForGood } from '#lib/domain/patterns/departure.ts';
import { CONFIRMED, EMERGING, FLAG, statusOf } from '#lib/domain/patterns/flags.ts';
import { type FoldEffect, indexOfEffect } from '#lib/domain/patterns/fold-effect.ts';
import { activePatterns, byStrength } from '#lib/domain/patterns/prune-patterns.ts';
import { readTracked } from '#lib/domain/patterns/tracked-patterns.ts';
import { byteAt } from '#lib/domain/read-typed-array.ts';
import type { PatternAnswers } from './pattern-answers.ts';
import type { AppliedBatch } from './fold-commits.ts';
import type { FoldMemory } from './fold-memory.ts';

/** Most views that one delta carries. */
const MOST_ITEMS = 60;
/** And most besides of those that have left their places; the others come with the next. */
const MOST_FORMER = 20;
/** Patterns that stand but are not shown first are told about at most this often: a batch may touch all of them. */
const OTHERS_MS = 500;

/** What readers know once a delta is written. */
interface Told {
  memory: FoldMemory;
  told: Set<string>;
  pending: Set<number>;
  gone: readonly PatternView[];
  othersAt: number;
}

/**
 * What to tell readers of each batch (FINE-PRINT 12): the patterns shown first, those that something happened to and
 * the pinned ones at once, for the last time when one of them leaves its place; the other emerging, confirmed and
 * weakening ones soon, in turns.
 */
export class PatternChanges {
  readonly #answers: PatternAnswers;
  readonly #elapsed: () => number;
  /** Patterns shown first that readers have been told of. */
  #told = new Set<string>();
  /** Indexes that changed and were not told of yet, the longest waiting first. */
  #pending = new Set<number>();
  /** Have left their places and were not told of yet; as they were then, since their names end with their memory. */
  #gone: readonly PatternView[] = [];
  #othersAt = -Infinity;
  /** As it is once the delta under way is committed. */
  #next: Told | null = null;

  /** `elapsed`: milliseconds of a clock that nobody can set back */
  constructor(answers: PatternAnswers, elapsed: () => number) {
    this.#answers = answers;
    this.#elapsed = elapsed;
  }

  /** The delta of a batch; it counts as told once its memory is the current one. */
  of({ memory, touched, effects, evicted }: AppliedBatch): FeedValues['pattern.updated'] {
    const { view } = this.#answers.standings(memory);
    const at = this.#elapsed();
    const pending = new Set(this.#pending);
    const first = new Set(memory.leaders);
    // Of one that is gone there is nothing to show here.
    const urgent = new Set(
      effects.map((effect) => indexOfEffect(view, effect)).filter((index) => index >= 0),
    );
    for (const index of touched) {
      const flags = byteAt(view.flags, index);
      if (first.has(index)) urgent.add(index);
      else if ((flags & FLAG.pinned) !== 0) urgent.add(index);
      else if ((flags & (EMERGING | CONFIRMED)) !== 0 || statusOf(flags) === 'weakening') pending.add(index);
    }
    const ids = this.#idsOf(memory, memory.leaders);
    memory.leaders.forEach((index, place) => {
      const id = ids[place];
      if (id !== undefined && !this.#told.has(id)) urgent.add(index);
    });
    for (const index of urgent) pending.delete(index);
    const dueOthers = at - this.#othersAt >= OTHERS_MS;
    const wanted = [...this.#byRank(memory, urgent), ...(dueOthers ? pending : [])];
    const shown = wanted.slice(0, MOST_ITEMS);
    for (const index of urgent) pending.add(index);
    for (const index of shown) pending.delete(index);
    const left = seenBefore(goneForGood(view, evicted), effects).map((one) =>
      this.#answers.former(memory, one),
    );
    const { former, gone } = inTurn([...this.#stillGone(memory), ...left]);
    this.#next = { memory, told: new Set(ids), pending, gone, othersAt: dueOthers ? at : this.#othersAt };
    return this.#delta(memory, ids, { shown, former }, pending.size + gone.length);
  }

  /** Those that still wait, when no batch comes to take them along; null where nobody does. They wait until `told`. */
  waiting(memory: FoldMemory): FeedValues['pattern.updated'] | null {
    const { former, gone } = inTurn(this.#stillGone(memory));
    if (this.#pending.size + former.length === 0) return null;
    const pending = new Set(this.#pending);
    const shown = [...pending].slice(0, MOST_ITEMS);
    for (const index of shown) pending.delete(index);
    this.#next = { memory, told: this.#told, pending, gone, othersAt: this.#elapsed() };
    const more = pending.size + gone.length;
    return this.#delta(memory, this.#idsOf(memory, memory.leaders), { shown, former }, more);
  }

  /** All that are shown first, changed or not; tells nobody. */
  leaders(memory: FoldMemory): FeedValues['pattern.updated'] {
    return this.#delta(memory, this.#idsOf(memory, memory.leaders), { shown: memory.leaders }, 0);
  }

  /** Those of these ids that are tracked, changed or not; tells nobody. */
  chosen(memory: FoldMemory, ids: ReadonlySet<string>): FeedValues['pattern.updated'] {
    // Sorted once a memory, whoever chose what.
    const rows = this.#answers.standings(memory).ordered({ sort: 'leading' });
    const shown = rows.filter(({ id }) => ids.has(id)).map(({ index }) => index);
    const leaders = this.#idsOf(memory, memory.leaders).filter((id) => ids.has(id));
    return this.#delta(memory, leaders, { shown }, 0);
  }

  /** What `waiting` gave has been written. */
  told(): void {
    this.#settle(this.#next);
  }

  /** The memory is another one: by the batch whose delta was just written, or by somebody else's. */
  moved(memory: FoldMemory): void {
    // Of another's memory nobody here knows what was told; what waited, waits still.
    if (this.#next?.memory !== memory) this.#told = new Set();
    else this.#settle(this.#next);
    this.#next = null;
  }

  #settle(next: Told | null): void {
    if (next !== null) {
      this.#told = next.told;
      this.#pending = next.pending;
      this.#gone = next.gone;
      this.#othersAt = next.othersAt;
    }
    this.#next = null;
  }

  #delta(
    memory: FoldMemory,
    leaders: string[],
    { shown, former = [] }: { shown: readonly number[]; former?: readonly PatternView[] },
    more: number,
  ): FeedValues['pattern.updated'] {
    const { totals } = this.#answers.standings(memory);
    return {
      asOf: memory.space.position,
      totals: { n: totals.n, successes: totals.successes },
      leaders,
      items: [...this.#answers.views(memory, shown), ...former],
      more,
    };
  }

  /** Without those that are back. */
  #stillGone(memory: FoldMemory): readonly PatternView[] {
    if (this.#gone.length === 0) return this.#gone;
    const tracked = new Set<string | null>(this.#answers.standings(memory).rows.map(({ id }) => id));
    return this.#gone.filter(({ id }) => !tracked.has(id));
  }

  /** The patterns shown first, then the others by their evidence. */
  #byRank(memory: FoldMemory, indexes: ReadonlySet<number>): number[] {
    const { view } = this.#answers.standings(memory);
    const standing = activePatterns(view).sort(byStrength);
    const order = [...new Set([...memory.leaders, ...standing.map(({ index }) => index), ...indexes])];
    return order.filter((index) => indexes.has(index));
  }

  #idsOf(memory: FoldMemory, indexes: readonly number[]): string[] {
    const { view } = this.#answers.standings(memory);
    return indexes.flatMap((index) => {
      const pattern = readTracked(view, index);
      return pattern === null ? [] : this.#answers.names.of(memory.space, pattern).id;
    });
  }
}

/** Those that one delta tells of, and those that wait for the next. */
function inTurn(gone: readonly PatternView[]): {
  former: readonly PatternView[];
  gone: readonly PatternView[];
} {
  return { former: gone.slice(0, MOST_FORMER), gone: gone.slice(MOST_FORMER) };
}

/** Those among the gone that readers had before them: they stood, or were pinned until then or until this batch. */
function seenBefore(gone: readonly Departure[], effects: readonly FoldEffect[]): Departure[] {
  const stirred = new Set(effects.flatMap(({ kind, ordinal }) => (kind === 'evicted' ? [] : [ordinal])));
  return gone.filter(
    ({ status, pinned, ordinal }) =>
      pinned || stirred.has(ordinal) || (status !== 'collecting' && status !== 'retired'),
  );
}
