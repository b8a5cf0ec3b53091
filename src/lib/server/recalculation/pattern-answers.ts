import type { PatternLookup } from '#lib/contracts/fold.ts';
import type { PatternList, PatternQuery, PatternView } from '#lib/contracts/pattern.ts';
import { itemLabel } from '#lib/domain/attributes/item-label.ts';
import { resolveCondition } from '#lib/domain/attributes/resolve-condition.ts';
import { parseWhere } from '#lib/domain/outcomes/parse-where.ts';
import type { Departure } from '#lib/domain/patterns/departure.ts';
import { evaluate } from '#lib/domain/patterns/evaluate.ts';
import { lookup, type Lookup, type WantedCondition } from '#lib/domain/patterns/lookup.ts';
import { readTracked } from '#lib/domain/patterns/tracked-patterns.ts';
import { invalid } from '../errors.ts';
import type { FoldMemory } from './fold-memory.ts';
import { PatternNames } from './pattern-names.ts';
import { matchesQuery, UNEXPLAINED, type RankedPattern } from './pattern-order.ts';
import { PatternStandings } from './pattern-standings.ts';
import { untrackedView, viewOf } from './pattern-views.ts';

/** Answers about the patterns of a memory, in the contract's words; what they share is computed once a memory. */
export class PatternAnswers {
  readonly names = new PatternNames();
  readonly #standings = new WeakMap<FoldMemory['image'], PatternStandings>();
  /** When what is current was applied. */
  #appliedAt: string | null = null;

  /** The current memory is another one; `rebuilt` when names may have changed. */
  moved(appliedAt: string, rebuilt: boolean): void {
    this.#appliedAt = appliedAt;
    if (rebuilt) this.names.forget();
  }

  standings(memory: FoldMemory): PatternStandings {
    const known = this.#standings.get(memory.image);
    // A setting may move the space on and leave the image's position: the names are by the space.
    if (known !== undefined && known.memory.space === memory.space) return known;
    const made = new PatternStandings(memory, this.names);
    this.#standings.set(memory.image, made);
    return made;
  }

  view(memory: FoldMemory, index: number): PatternView | null {
    return viewOf(this.standings(memory), this.names, index, this.#appliedAt);
  }

  views(memory: FoldMemory, indexes: readonly number[]): PatternView[] {
    return indexes.flatMap((index) => this.view(memory, index) ?? []);
  }

  /** A pattern that has just left its place. */
  former(memory: FoldMemory, left: Departure): PatternView {
    const { id, label, conditions } = this.names.of(memory.space, left);
    const { totals } = this.standings(memory);
    const counted = { evaluation: evaluate(left, totals), label, conditions };
    const view = untrackedView(counted, totals, this.#appliedAt);
    return { ...view, id, status: 'retired', statusAt: left.position };
  }

  /** @throws AppError VALIDATION for a cursor whose place is gone */
  list(memory: FoldMemory, query: PatternQuery): PatternList {
    const standings = this.standings(memory);
    const { explainedBy: id } = query;
    const explainedBy = id === undefined || id === UNEXPLAINED ? null : this.indexOf(memory, id);
    const conditions = resolveWhere(memory, query.where);
    const shown = query.view === 'leaders' ? new Set(standings.leaders) : null;
    const matching = standings
      .ordered(query)
      .filter(
        (row) =>
          conditions !== null &&
          (shown === null || shown.has(row.index)) &&
          matchesQuery(row, { query, explainedBy, conditions }),
      );
    const start = query.cursor === undefined ? 0 : matching.findIndex(({ id }) => id === query.cursor) + 1;
    if (query.cursor !== undefined && start === 0) {
      throw invalid([
        { path: 'cursor', message: 'The list no longer has this place. Start again without a cursor.' },
      ]);
    }
    const page = matching.slice(start, start + query.limit);
    const last = page.at(-1);
    return {
      asOf: memory.space.position,
      total: matching.length,
      items: this.#shown(memory, page),
      next: last !== undefined && start + page.length < matching.length ? last.id : null,
    };
  }

  /** The tracked patterns that an outcome with these values (by attribute, as recorded) counts in. */
  matching(
    memory: FoldMemory,
    has: ReadonlyMap<string, string>,
    limit: number,
  ): { total: number; items: PatternView[] } {
    const items = new Map([...has].map(([key, value]) => [key, recordedItem(memory, key, value)]));
    const standings = this.standings(memory);
    const rows = standings
      .ordered({ sort: 'leading' })
      .filter(({ conditions }) => conditions.every(({ attribute, value }) => items.get(attribute) === value));
    return { total: rows.length, items: this.#shown(memory, rows.slice(0, limit)) };
  }

  indexOf(memory: FoldMemory, id: string): number | null {
    const known = this.names.lastIndexOf(id);
    if (known !== undefined) {
      const pattern = readTracked(this.standings(memory).view, known);
      if (pattern !== null && this.names.of(memory.space, pattern).id === id) return known;
    }
    return this.standings(memory).rows.find((row) => row.id === id)?.index ?? null;
  }

  /** @throws AppError VALIDATION */
  lookupWhere(memory: FoldMemory, where: readonly string[]): PatternLookup {
    return this.#figures(memory, lookup(memory, where.map(readCondition)));
  }

  /** The same of conditions as a pattern has them. @throws AppError VALIDATION, also where one is no more */
  lookupNamed(memory: FoldMemory, conditions: readonly WantedCondition[]): PatternLookup {
    return this.#figures(memory, lookup(memory, conditions, 'label'));
  }

  #figures(memory: FoldMemory, answer: Lookup): PatternLookup {
    if (answer.kind !== 'found') throw invalid([{ path: 'where', message: whyNot(answer) }]);
    const asOf = memory.space.position;
    const tracked = answer.trackedIndex === null ? null : this.view(memory, answer.trackedIndex);
    if (tracked !== null) return { asOf, item: tracked };
    const { evaluation, conjunction } = answer;
    const conditions = conjunction.conditions.map(({ attribute, value }) => ({ attribute, value }));
    const { totals } = this.standings(memory);
    return {
      asOf,
      item: untrackedView({ evaluation, label: conjunction.label, conditions }, totals, this.#appliedAt),
    };
  }

  #shown(memory: FoldMemory, rows: readonly RankedPattern[]): PatternView[] {
    return this.views(
      memory,
      rows.map(({ index }) => index),
    );
  }
}

/** How patterns call a value of an outcome; null for one that they have no item for. */
function recordedItem({ space }: FoldMemory, key: string, value: string): string | null {
  const found = resolveCondition(space, key, value, 'value');
  const attribute = found.kind === 'item' ? space.searched[found.slot] : undefined;
  return found.kind === 'item' && attribute !== undefined ? itemLabel(attribute, found.code) : null;
}

/** Conditions as patterns have them; null where one of them is no item, so that no pattern has it. */
function resolveWhere(
  memory: FoldMemory,
  where: PatternQuery['where'],
): { attribute: string; value: string }[] | null {
  const found: { attribute: string; value: string }[] = [];
  for (const [i, text] of [where ?? []].flat().entries()) {
    const answer = lookup(memory, [readCondition(text, i)]);
    const condition = answer.kind === 'found' ? answer.conjunction.conditions[0] : undefined;
    if (condition === undefined) return null;
    found.push({ attribute: condition.attribute, value: condition.value });
  }
  return found;
}

/** @throws AppError VALIDATION for a text that is no condition */
export function readCondition(text: string, index: number): { attribute: string; value: string } {
  const parsed = parseWhere(text);
  if (parsed !== null) return parsed;
  throw invalid([
    { index, path: 'where', message: 'Write a condition as attribute:value, such as contact:cellular.' },
  ]);
}

/** Why a conjunction cannot be answered, for the person who asked. */
export function whyNot(answer: Exclude<Lookup, { kind: 'found' }>): string {
  switch (answer.kind) {
    case 'invalid':
      return answer.reason === 'no-conditions'
        ? 'Name one to three conditions, each as attribute:value.'
        : 'At most three conditions can be asked for at once.';
    case 'unknown-attribute':
      return `No outcome has carried an attribute named "${answer.attribute}".`;
    case 'not-searched':
      return `"${answer.attribute}" is stored but not searched. An analyst may choose it in the settings.`;
    case 'collecting':
      return `"${answer.attribute}" is a number that still collects its first 500 values; cut it now in the settings.`;
    case 'in-other':
      return `This value of "${answer.attribute}" is beyond its 64 kept values and counted only as other.`;
    case 'no-such-bin':
      return `"${answer.attribute}" has other bands now, and none of them is "${answer.value}".`;
  }
}
