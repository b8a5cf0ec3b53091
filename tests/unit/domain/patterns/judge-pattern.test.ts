import { describe, expect, it } from 'vitest';
import { emptyColumns } from '../../../../src/lib/domain/patterns/columns.ts';
import type { FoldEffect } from '../../../../src/lib/domain/patterns/fold-effect.ts';
import { FLAG, statusOf } from '../../../../src/lib/domain/patterns/flags.ts';
import { HEADER, openImage } from '../../../../src/lib/domain/patterns/fold-image.ts';
import { budgetOf, Judge } from '../../../../src/lib/domain/patterns/judge-pattern.ts';
import { readEvidence } from '../../../../src/lib/domain/patterns/pattern-evidence.ts';
import { trackedPatterns } from '../../../../src/lib/domain/patterns/tracked-patterns.ts';
import { evidenceAt, indexOf } from '../evidence-at.ts';
import { add, type Fold, foldLog, retract, startFold, step } from '../fold-scripts.ts';

const BLOCK = { x: 1, kP: 1, kC: 2, s: 1 };
const { emergingBetter, emergingWorse, confirmedBetter, confirmedWorse, changed, retired, pinned, period } =
  FLAG;

/** An image with this many single-condition patterns, all alike, and a judge over it. */
function patternsWith(count: number) {
  const log = Array.from({ length: count * 10 }, (_, i) => add(i + 1, 'failure', { a: `v${i % count}` }));
  const { image } = foldLog(log, () => log.length, startFold([], { trackedCap: 80 }));
  const view = openImage(image);
  const effects: FoldEffect[] = [];
  const judge = new Judge(effects, emptyColumns());
  const set = (index: number, plus: number, minus = 0, n = 10) => {
    view.evidence.mostLogEPlus[index] = plus;
    view.evidence.mostLogEMinus[index] = minus;
    view.evidence.n[index] = n;
  };
  return { view, effects, judge, set, log };
}

describe('online e-BH in the fold', () => {
  // STATISTICS §11: α = .05 and γ = .1 each; here γ = .005/2 a side, so the e-values are 40 times as large.
  it('confirms batch by batch as its vectors say, and keeps what it has confirmed', () => {
    const { view, judge, set } = patternsWith(8);
    expect(budgetOf(view, 0)).toBeCloseTo(0.005, 12);
    const factor = 0.1 / (0.005 / 2);
    const closing = (es: readonly number[], first: number) => {
      es.forEach((e, i) => {
        set(first + i, Math.log(e * factor));
        judge.judge(view, first + i, 100, BLOCK);
      });
      return [...(judge.confirm(view, 100) ?? [])].map((index) => index - first).sort();
    };
    // Those at 20 stay below the bound of a single pattern in the vectors; times 40 they do not, and need more.
    expect(closing([190, 250, 20], 0)).toEqual([0, 1]);
    expect(view.header[HEADER.rejections]).toBe(2);
    expect(closing([110, 60, 5], 3)).toEqual([0, 1]);
    expect(view.header[HEADER.rejections]).toBe(4);
    expect(closing([70, 68], 6)).toEqual([0, 1]);
    expect(view.header[HEADER.rejections]).toBe(6);
  });

  it('gives each side half of the budget, and takes neither below 20 nor before 10 outcomes', () => {
    const { view, judge, set } = patternsWith(3);
    const judged = (index: number) => {
      judge.judge(view, index, 50, BLOCK);
      return judge.confirm(view, 50) !== null;
    };
    // One pattern alone: 1/(α·γ/2) = 8,000, not the 4,000 of an undivided γ.
    set(0, Math.log(7_900));
    expect(judged(0)).toBe(false);
    set(0, Math.log(8_100), 0, 9);
    expect(judged(0)).toBe(false);
    set(0, Math.log(8_100));
    expect(judged(0)).toBe(true);
    set(1, -5, Math.log(8_100));
    expect(judged(1)).toBe(true);
    expect(readEvidence(view, 1).direction).toBe('worse');
    view.header[HEADER.rejections] = 1e6;
    set(2, Math.log(19.9));
    expect(judged(2)).toBe(false);
    set(2, Math.log(20.1));
    expect(judged(2)).toBe(true);
  });

  it('asks only those whose own block has just closed', () => {
    const { view, judge, set } = patternsWith(2);
    set(0, 50);
    set(1, 50);
    judge.judge(view, 0, 9, BLOCK);
    expect([...(judge.confirm(view, 9) ?? [])]).toEqual([0]);
    expect(judge.confirm(view, 9)).toBeNull();
    expect(view.flags[1]).toBe(0);
  });
});

describe('the status of a pattern', () => {
  // S1-70, FINE-PRINT 21.
  it.each([
    ['collecting', 0],
    ['collecting', pinned | period],
    ['emerging', emergingBetter],
    ['emerging', emergingWorse],
    ['confirmed', confirmedBetter | emergingBetter],
    ['confirmed', confirmedWorse | emergingWorse],
    ['confirmed', confirmedBetter | confirmedWorse | emergingWorse],
    ['weakening', confirmedBetter],
    ['weakening', confirmedBetter | emergingWorse],
    ['weakening', changed],
    ['emerging', changed | emergingBetter],
    ['retired', retired | confirmedBetter | emergingBetter],
    ['retired', retired],
  ] as const)('%s for flags %i', (status, flags) => {
    expect(statusOf(flags)).toBe(status);
  });

  it('moves by the thresholds of confidence, with hysteresis, and says each move once', () => {
    const { view, judge, set, effects } = patternsWith(1);
    const log5 = Math.log(5);
    const log20 = Math.log(20);
    const steps: [number, number, string][] = [
      // log E⁺, n, status afterwards
      [log20, 4, 'collecting'],
      [log20 - 1e-9, 5, 'collecting'],
      [log20, 5, 'emerging'],
      [log5, 6, 'emerging'],
      [log5 - 1e-9, 7, 'collecting'],
      [log20, 8, 'emerging'],
      [10, 12, 'confirmed'],
      [log5, 13, 'confirmed'],
      [log5 - 1e-9, 14, 'weakening'],
      [log20 - 1e-9, 15, 'weakening'],
      [log20, 16, 'confirmed'],
    ];
    const seen = steps.map(([logE, n]) => {
      set(0, logE, -1, n);
      judge.judge(view, 0, n, BLOCK);
      judge.confirm(view, n);
      return statusOf(view.flags[0] ?? 0);
    });
    expect(seen).toEqual(steps.map(([, , status]) => status));
    expect(effects.map(({ kind, position }) => `${kind}@${position}`)).toEqual([
      'emerging@5',
      'lost@7',
      'emerging@8',
      'confirmed@12',
      'weakening@14',
      'strengthened@16',
    ]);
    expect(view.confirmedAt[0]).toBe(12);
  });

  it('of a retired pattern is retired: nothing is raised, and nothing confirmed', () => {
    const { view, judge, set, effects } = patternsWith(1);
    view.flags[0] = retired;
    set(0, 40);
    judge.judge(view, 0, 9, BLOCK);
    expect(judge.confirm(view, 9)).toBeNull();
    expect(effects).toEqual([]);
    expect(statusOf(view.flags[0])).toBe('retired');
  });
});

describe('epochs, freezing and choices in the fold', { timeout: 60_000 }, () => {
  /** Two values in turn; `rate` of every ten of the first succeed, one of ten of the other. */
  const turns = (first: number, count: number, rate: number) =>
    Array.from({ length: count }, (_, i) => {
      const k = Math.floor(i / 2) % 10;
      const own = i % 2 === 0;
      return add(first + i, (k * 7) % 10 < (own ? rate : 1) ? 'success' : 'failure', { a: own ? 'x' : 'y' });
    });
  const fold = (log: ReturnType<typeof turns>, from?: Fold) =>
    foldLog(log, () => 100, from ?? startFold([], { trackedCap: 40 }));

  it('begin anew after a change alarm: evidence, budget and status, counts of the lifetime kept', () => {
    const log = [...turns(1, 1_200, 6), ...turns(1_201, 600, 1)];
    const state = fold(log);
    const view = openImage(state.image);
    const x = trackedPatterns(state.image).find(({ codes }) => codes[0] === 1);
    if (x === undefined) throw new Error('x is tracked');
    const happened = state.effects.filter(({ index }) => index === x.index);
    const alarm = happened.find(({ kind }) => kind === 'change-down');
    if (alarm === undefined) throw new Error('no alarm');
    expect(alarm.position).toBeGreaterThan(1_200);
    expect(
      happened.find(({ kind, position }) => kind === 'weakening' && position === alarm.position),
    ).toBeDefined();
    const shown = readEvidence(view, x.index);
    expect(shown.epoch.startedAt).toBe(alarm.position);
    expect(shown.epoch.n).toBeLessThan(x.n);
    expect(x.n).toBe(900);
    expect(shown).toMatchObject({
      status: 'weakening',
      changed: { at: alarm.position, side: 'down' },
      confirmedAt: null,
    });
    // What was counted up to the alarm, its own outcome included: the two take turns.
    const own = log.slice(0, alarm.position).filter(({ attributes }) => attributes['a'] === 'x');
    const successesOf = (entries: typeof log) => entries.filter(({ result }) => result === 'success').length;
    expect(shown.changed?.before).toEqual({
      own: { n: own.length, successes: successesOf(own) },
      all: { n: alarm.position, successes: successesOf(log.slice(0, alarm.position)) },
    });
    // The third share given among singles: x and y took the first two.
    expect(view.depthOrdinal[x.index]).toBeGreaterThan(2);
    expect(view.header[HEADER.epochs]).toBeGreaterThan(0);

    // A retract older than the epoch touches no evidence; one within it freezes.
    const older = step(state, [retract(1_801, log[0] ?? alarmed())]);
    expect(readEvidence(openImage(older.image), x.index).recounting).toBe(false);
    const within = step(state, [retract(1_801, log[1_798] ?? alarmed())]);
    expect(readEvidence(openImage(within.image), x.index)).toMatchObject({
      recounting: true,
      changed: { at: alarm.position, before: null },
    });
  });

  it('does not weaken, by a change alarm, what is only watched', () => {
    for (const [flags, status] of [
      [pinned, 'collecting'],
      [pinned | emergingBetter, 'collecting'],
      [pinned | changed, 'weakening'],
      [confirmedBetter | emergingBetter, 'weakening'],
    ] as const) {
      const { view, judge, set, effects } = patternsWith(1);
      view.flags[0] = flags;
      set(0, Math.log(12), -1, 60);
      view.change.referenceHigh[0] = 0.5;
      view.change.logR.fill(30, 0, 6);
      judge.judge(view, 0, 99, BLOCK);
      expect(effects[0]).toMatchObject({ kind: 'change-up', position: 99, n: 60 });
      expect(statusOf(view.flags[0] ?? 0)).toBe(status);
      expect(view.epochAt[0]).toBe(99);
      expect(view.evidence.n[0]).toBe(0);
    }
  });

  it('a pinned pattern starts at its pinning, and takes the whole log over once support admits it', () => {
    const conditions = [{ attribute: 'a', value: 'rare' }];
    const pin = { kind: 'pattern.pin' as const, payload: { conditions }, effectiveAfter: 40, ordinal: 1 };
    const log = Array.from({ length: 120 }, (_, i) =>
      add(i + 1, i % 3 === 0 ? 'success' : 'failure', { a: i % 8 === 0 ? 'rare' : 'often' }),
    );
    const early = foldLog(log.slice(0, 60), () => 20, startFold([pin], { trackedCap: 40 }));
    const index = 40;
    expect(early.born.at(-1)).toMatchObject({ index, position: 40 });
    expect(readEvidence(openImage(early.image), index)).toMatchObject({
      pinned: true,
      pinnedOnly: true,
      epoch: { n: 3, startedAt: 40 },
    });
    // The tenth outcome of its kind is at position 73.
    const late = foldLog(log.slice(0, 73), () => 20, early);
    const view = openImage(late.image);
    const place = indexOf(late, { a: 'rare' });
    expect(readEvidence(view, place)).toMatchObject({
      pinned: true,
      pinnedOnly: false,
      epoch: { n: 10, startedAt: 0 },
    });
    expect(late.effects.at(-1)).toMatchObject({ kind: 'supported', position: 73, index: place });
    expect(view.depthOrdinal[place]).toBe(3);
    // Its admission is that by support, and its place one of those that support fills.
    expect(view.bornAt[place]).toBe(73);
    expect(place).toBeLessThan(40);
    expect(view.depth[index]).toBe(0);
    expect(view.header[HEADER.tracked]).toBe(view.depth.filter((depth) => depth > 0).length);
  });

  it('a retired pattern that only its pin keeps is not unpinned, and stays retired when support admits it', () => {
    const conditions = [{ attribute: 'a', value: 'rare' }];
    const choices = (['pin', 'retire', 'unpin'] as const).map((kind, i) => ({
      kind: `pattern.${kind}` as const,
      payload: { conditions },
      effectiveAfter: 10 + i,
      ordinal: 1 + i,
    }));
    const log = Array.from({ length: 120 }, (_, i) =>
      add(i + 1, i % 8 === 0 ? 'success' : 'failure', { a: i % 8 === 0 ? 'rare' : 'often' }),
    );
    const told = foldLog(log.slice(0, 20), () => 20, startFold(choices, { trackedCap: 40 }));
    expect(told.effects.map(({ kind }) => kind)).not.toContain('unpinned');
    const late = foldLog(log, () => 20, told);
    const index = indexOf(late, { a: 'rare' });
    expect(readEvidence(openImage(late.image), index)).toMatchObject({
      status: 'retired',
      pinned: true,
      pinnedOnly: false,
    });
  });

  it('a pinned pattern keeps its place where support has no free one for it', () => {
    const { watched } = unpinnedAt73(3);
    expect(indexOf(watched, { a: 'rare' })).toBe(3);
    expect(readEvidence(openImage(watched.image), 3)).toMatchObject({ pinned: true, pinnedOnly: false });
  });

  /** A pattern pinned after position 40 that support admits at 73 and that nobody watches from there on. */
  function unpinnedAt73(trackedCap: number) {
    const conditions = [{ attribute: 'a', value: 'rare' }];
    const choice = (kind: 'pin' | 'unpin', effectiveAfter: number, ordinal: number) =>
      ({ kind: `pattern.${kind}` as const, payload: { conditions }, effectiveAfter, ordinal }) as const;
    const log = Array.from({ length: 140 }, (_, i) =>
      add(i + 1, i % 3 === 0 ? 'success' : 'failure', {
        a: i % 8 === 0 ? 'rare' : 'often',
        ...(i % 2 === 0 ? { b: 'half' } : {}),
      }),
    );
    // Each from its start: a fold carried on writes to the image that it had before.
    const watched = () =>
      foldLog(log.slice(0, 73), () => 20, startFold([choice('pin', 40, 1)], { trackedCap }));
    const unpinned = () => step(watched(), [], [choice('unpin', 73, 2)]);
    return {
      watched: watched(),
      unpinned: unpinned(),
      later: foldLog(log, () => 20, unpinned()),
      stays: foldLog(log, () => 20, watched()),
      choice,
    };
  }
  const stateOf = (fold: Fold, index: number) => {
    const view = openImage(fold.image);
    const { pinned: _, ...shown } = readEvidence(view, index);
    return {
      shown,
      grid: evidenceAt(view.evidence, index),
      ordinal: view.ordinal[index],
      budget: view.depthOrdinal[index],
    };
  };

  it('an unpinned pattern that support has admitted goes on untouched, in a place that support fills', () => {
    const { watched, unpinned, later, stays, choice } = unpinnedAt73(40);
    const moved = indexOf(unpinned, { a: 'rare' });
    expect(moved).toBeLessThan(40);
    expect(stateOf(unpinned, moved)).toEqual(stateOf(watched, moved));
    expect(unpinned.evicted).toEqual(watched.evicted);
    expect(unpinned.effects.at(-1)).toMatchObject({ kind: 'unpinned', index: moved });
    // What follows is what would have followed while it was pinned.
    expect(stateOf(later, moved)).toEqual(stateOf(stays, moved));
    expect(later.born.filter(({ position }) => position > 73)).toEqual([]);
    // The place that only pins fill is free again, and both counts are right.
    const view = openImage(later.image);
    expect(view.depth[40]).toBe(0);
    expect(view.header[HEADER.pinned]).toBe(0);
    expect(view.header[HEADER.tracked]).toBe(view.depth.filter((depth) => depth > 0).length);
    const before = stateOf(later, moved);
    const again = step(later, [], [choice('pin', 140, 3)]);
    expect(stateOf(again, moved)).toEqual(before);
    expect(openImage(again.image).header[HEADER.pinned]).toBe(1);
  });

  it('where no place is free it takes that of the last in order, or leaves if that is itself', () => {
    // Of "often", "half" and "often and half" the pair is last.
    const full = unpinnedAt73(3);
    const pair = indexOf(full.watched, { a: 'often', b: 'half' });
    const moved = indexOf(full.unpinned, { a: 'rare' });
    expect(moved).toBe(pair);
    expect(full.unpinned.evicted.at(-1)).toMatchObject({ index: pair, position: 73 });
    expect(stateOf(full.unpinned, moved)).toEqual(stateOf(full.watched, 3));
    // "often" and "half" have more outcomes.
    const last = unpinnedAt73(2);
    expect(indexOf(last.unpinned, { a: 'rare' })).toBe(-1);
    expect(last.unpinned.evicted.at(-1)).toMatchObject({ index: 2, position: 73 });
    expect(last.unpinned.effects.slice(-2).map(({ kind }) => kind)).toEqual(['unpinned', 'evicted']);
    expect(openImage(last.unpinned.image).header[HEADER.tracked]).toBe(2);
  });
});

function alarmed(): never {
  throw new Error('the log is shorter than expected');
}
