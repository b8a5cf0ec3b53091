import { describe, expect, it } from 'vitest';
import { encodeEntries } from '#domain/attributes/encode-entries.ts';
import type { LogFacts } from '#domain/outcomes/log-facts.ts';
import { type Departure, departureOf, goneForGood } from '#domain/patterns/departure.ts';
import { foldBatch } from '#domain/patterns/fold-batch.ts';
import { openImage } from '#domain/patterns/fold-image.ts';
import { leadingPatterns } from '#domain/patterns/leading-patterns.ts';
import { seededRandom } from '#domain/random/seeded-random.ts';
import { BlockIncrements } from '#domain/statistics/block-increments.ts';
import { emptyMemory, type FoldMemory } from '#lib/server/recalculation/fold-memory.ts';
import { PatternAnswers } from '#lib/server/recalculation/pattern-answers.ts';
import { PatternChanges } from '#lib/server/recalculation/pattern-changes.ts';

const increments = new BlockIncrements();
const random = seededRandom('changes');

/** A workspace in which a hundred patterns stand: one strong attribute beside four that say nothing. */
function entries(from: number, count: number): LogFacts[] {
  return Array.from({ length: count }, (_, i) => {
    const hook = random.below(2) === 0 ? 'question' : 'claim';
    const attributes = Object.fromEntries(['a', 'b', 'c', 'd'].map((key) => [key, `v${random.below(3)}`]));
    return {
      position: from + i,
      kind: 'add' as const,
      retracts: null,
      result: random.next() < (hook === 'question' ? 0.8 : 0.1) ? ('success' as const) : ('failure' as const),
      value: null,
      attributes: { hook, ...attributes },
      localDay: 0,
      recordedAtMs: 0,
    };
  });
}

let position = 0;
function next(memory: FoldMemory, count: number) {
  const encoded = encodeEntries(memory.space, entries(position + 1, count), []);
  if (encoded.kind === 'refold') throw new Error('no setting was given');
  position += count;
  const { image, columns, touched, effects, evicted } = foldBatch(
    { front: memory.image, spare: null, columns: memory.columns, batch: encoded.batch },
    increments,
  );
  const leaders = leadingPatterns(image).map(({ index }) => index);
  const after: FoldMemory = { ...memory, space: encoded.space, image, columns, leaders };
  const rest = { count: 0, oldest: null };
  return { memory: after, touched, effects, evicted, foldMs: 1, counted: undefined, rest };
}

describe('the changes of patterns that readers are told of', () => {
  it('come bounded: first what is shown first, the others in turns until all are told', () => {
    let now = 0;
    const answers = new PatternAnswers();
    const changes = new PatternChanges(answers, () => now);
    let memory = emptyMemory({ trackedCap: 2_000, cellLimit: 100_000 }, []);
    const told = new Map<string, { n: number }>();
    let most = 0;
    const take = (value: ReturnType<PatternChanges['of']>) => {
      most = Math.max(most, value.items.length);
      for (const item of value.items) if (item.id !== null) told.set(item.id, { n: item.n });
      return value;
    };
    for (let batch = 0; batch < 20; batch += 1) {
      const made = next(memory, batch === 0 ? 4_000 : 40);
      const value = take(changes.of(made));
      memory = made.memory;
      changes.moved(memory);
      // Every pattern shown first is as readers have it.
      expect(value.leaders).toHaveLength(memory.leaders.length);
      for (const view of answers.views(memory, memory.leaders)) {
        expect(told.get(view.id ?? '')).toMatchObject({ n: view.n });
      }
      now += 100;
    }
    expect(most).toBeLessThanOrEqual(60);
    const standing = () =>
      (['emerging', 'confirmed', 'weakening'] as const).flatMap(
        (status) => answers.list(memory, { sort: 'n', view: 'all', limit: 1_000, status }).items,
      );
    expect(standing().length).toBeGreaterThan(60);
    // With no further outcome the rest follows.
    for (let tick = 0; tick < 40; tick += 1) {
      const waiting = changes.waiting(memory);
      if (waiting === null) break;
      // Every other one is not written, so that it comes again.
      if (tick % 2 === 0) continue;
      take(waiting);
      changes.told();
    }
    expect(changes.waiting(memory)).toBeNull();
    for (const view of standing()) expect(told.get(view.id ?? '')).toMatchObject({ n: view.n });
  });

  it('wait on where a tick was not written, and where somebody else has carried the fold on', () => {
    let now = 0;
    const changes = new PatternChanges(new PatternAnswers(), () => now);
    position = 0;
    const first = next(emptyMemory({ trackedCap: 2_000, cellLimit: 100_000 }, []), 4_000);
    changes.of(first);
    changes.moved(first.memory);
    const itemsOf = (memory: FoldMemory) => changes.waiting(memory)?.items.map(({ id }) => id) ?? [];
    const waiting = itemsOf(first.memory);
    expect(waiting.length).toBeGreaterThan(0);
    expect(itemsOf(first.memory)).toEqual(waiting);
    changes.moved({ ...first.memory });
    expect(itemsOf(first.memory)).toEqual(waiting);
    // A batch that comes after the failed tick takes them along.
    now += 1_000;
    const second = changes.of({ ...first, touched: new Int32Array(), effects: [] });
    const told = new Set(second.items.map(({ id }) => id));
    expect(waiting.filter((id) => told.has(id)).length).toBeGreaterThan(0);
  });

  it('name every pattern that left its place, also of many in turns, but none that is back', () => {
    const answers = new PatternAnswers();
    const changes = new PatternChanges(answers, () => 0);
    position = 0;
    const { memory, ...made } = next(emptyMemory({ trackedCap: 40, cellLimit: 100_000 }, []), 4_000);
    const view = openImage(memory.image);
    const tracked = departureOf(view, memory.leaders[0] ?? 0, position);
    // Of these, what has no place now; the tracked one is as if it were back.
    const pairs = [1, 2, 3].flatMap((a) => [1, 2, 3].map((b) => [a, b]));
    const triples = [1, 2].flatMap((hook) => pairs.map((pair) => [hook, ...pair]));
    const left = [1, 2, 3].flatMap((slot) =>
      triples.map((codes, i): Departure => {
        const slots = [0, slot, slot + 1];
        return { ...tracked, slots, codes, ordinal: 1_000 * slot + i, status: 'emerging' };
      }),
    );
    const gone = goneForGood(view, left).slice(0, 50);
    expect(gone).toHaveLength(50);
    const told: (string | null)[] = [];
    const take = ({ items, more }: ReturnType<PatternChanges['of']>) => {
      told.push(...items.filter(({ status }) => status === 'retired').map(({ id }) => id));
      return more;
    };
    const effects = made.effects.filter(({ kind }) => kind === 'evicted');
    const evicted = [tracked, ...gone];
    expect(take(changes.of({ ...made, memory, touched: new Int32Array(), effects, evicted }))).toBe(30);
    changes.moved(memory);
    position = 0;
    // Meanwhile the log is read anew with fewer attributes: what is gone had its names then.
    const other = next(
      emptyMemory({ trackedCap: 40, cellLimit: 100_000 }, [
        { kind: 'attribute.choose', payload: { attributes: ['hook'] }, effectiveAfter: 0, ordinal: 1 },
      ]),
      10,
    );
    answers.names.forget();
    changes.moved(other.memory);
    for (let tick = 0; tick < 3; tick += 1) {
      const waiting = changes.waiting(other.memory);
      if (waiting !== null) take(waiting);
      changes.told();
    }
    expect(changes.waiting(other.memory)).toBeNull();
    expect(new Set(told).size).toBe(50);
    expect(told).toHaveLength(50);
  });

  it('begin again when somebody else has carried the fold on', () => {
    const answers = new PatternAnswers();
    const changes = new PatternChanges(answers, () => 0);
    position = 0;
    const first = next(emptyMemory({ trackedCap: 500, cellLimit: 10_000 }, []), 500);
    expect(changes.of(first).items.length).toBeGreaterThanOrEqual(first.memory.leaders.length);
    changes.moved(first.memory);
    // The commit of this one failed, and another instance applied the entries.
    const second = next(first.memory, 1);
    changes.of(second);
    changes.moved({ ...second.memory });
    const third = { ...second, touched: new Int32Array(), effects: [] };
    expect(changes.of(third).items.length).toBeGreaterThanOrEqual(third.memory.leaders.length);
  });
});
