import { describe, expect, it } from 'vitest';
import type { LogFacts } from '../../../../src/lib/domain/outcomes/log-facts.ts';
import { conjunctionOf } from '../../../../src/lib/domain/patterns/conjunction.ts';
import { HEADER, openImage } from '../../../../src/lib/domain/patterns/fold-image.ts';
import { evidenceLeaders } from '../../../../src/lib/domain/patterns/leading-patterns.ts';
import { readEvidence } from '../../../../src/lib/domain/patterns/pattern-evidence.ts';
import { activePatterns, PRUNE_EVERY, Pruning } from '../../../../src/lib/domain/patterns/prune-patterns.ts';
import { PAIR } from '../../../../src/lib/domain/patterns/evidence-subject.ts';
import { StandingRows } from '../../../../src/lib/domain/patterns/standing-rows.ts';
import { BlockIncrements } from '../../../../src/lib/domain/statistics/block-increments.ts';
import { trackedPattern } from '../../../../src/lib/domain/patterns/tracked-patterns.ts';
import {
  jaccard,
  OVERLAP_JACCARD,
  RecentMatches,
} from '../../../../src/lib/domain/patterns/overlapping-leaders.ts';
import { add, type Fold, foldLog, seeded, startFold } from '../fold-scripts.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Six attributes of four values in equal parts; the rate of each outcome by its attributes (STATISTICS §8). */
function world(
  seed: number,
  entries: number,
  rateOf: (facts: Record<string, string>) => number,
  also: (facts: Record<string, string>, random: () => number) => Record<string, string> = () => ({}),
): LogFacts[] {
  const random = seeded(seed);
  return Array.from({ length: entries }, (_, i) => {
    const facts = Object.fromEntries(KEYS.map((key) => [key, `${key}${Math.floor(random() * 4)}`]));
    const result = random() < rateOf(facts) ? 'success' : 'failure';
    return add(i + 1, result, { ...facts, ...also(facts, random) });
  });
}

function labelOf(fold: Fold, index: number): string {
  const pattern = trackedPattern(fold.image, index);
  if (pattern === null) throw new Error('a leader is tracked');
  return conjunctionOf(fold.space, pattern.slots, pattern.codes)
    .conditions.map(({ value }) => value)
    .join('&');
}

/** Labels of the leaders that are confirmed, the strongest first. */
function confirmedLeaders(fold: Fold): string[] {
  const view = openImage(fold.image);
  return evidenceLeaders(view)
    .filter((index) => readEvidence(view, index).status === 'confirmed')
    .map((index) => labelOf(fold, index));
}

/** `a1` doubles the odds and from the middle on halves them; `b2` halves them all the while. */
function turning(seed: number): LogFacts[] {
  const random = seeded(seed);
  return Array.from({ length: 10_240 }, (_, i) => {
    const facts = Object.fromEntries(
      ['a', 'b', 'c', 'd'].map((key) => [key, `${key}${Math.floor(random() * 4)}`]),
    );
    const turn = facts['a'] !== 'a1' ? 1 : i < 5_120 ? 2.2 : 0.4;
    const odds = 0.5 * turn * (facts['b'] === 'b2' ? 0.4 : 1);
    return add(i + 1, random() < odds / (1 + odds) ? 'success' : 'failure', facts);
  });
}

const folded = (log: readonly LogFacts[]) => foldLog(log, () => 3_000, startFold([], { trackedCap: 2_000 }));

describe('pruning', { timeout: 120_000 }, () => {
  it.each([
    ['a single', 11, 'a1', (f: Record<string, string>) => (f['a'] === 'a1' ? 0.3 : 0.2), 12_000],
    [
      'a pair',
      14,
      'a1&b2',
      (f: Record<string, string>) => (f['a'] === 'a1' && f['b'] === 'b2' ? 0.45 : 0.2),
      12_000,
    ],
    [
      'a triple',
      14,
      'a1&b2&c3',
      (f: Record<string, string>) => (f['a'] === 'a1' && f['b'] === 'b2' && f['c'] === 'c3' ? 0.6 : 0.2),
      12_000,
    ],
  ] as const)(
    'leaves exactly %s that was planted, with a dozen shadows under it',
    (_name, seed, planted, rate, n) => {
      const fold = folded(world(seed, n, rate));
      const view = openImage(fold.image);
      expect(confirmedLeaders(fold)).toEqual([planted]);
      const [leader] = evidenceLeaders(view).filter((index) => labelOf(fold, index) === planted);
      if (leader === undefined) throw new Error('no leader');
      const shadows = activePatterns(view).filter(
        ({ index }) => readEvidence(view, index).explainedBy !== null,
      );
      expect(shadows.length).toBeGreaterThan(3);
      expect(readEvidence(view, leader)).toMatchObject({ direction: 'better', explainedBy: null });
    },
  );

  it.each([
    [56, 'a1&b2', 'b2&c3'],
    [60, 'a0&b1', 'b2&c3'],
    [65, 'a1&b2', 'b2&c3'],
  ])('folds what a single and a pair explain only together (seed %d: %s)', (seed, shadow, named) => {
    const fold = folded(
      world(seed, 12_000, (f) => (f['b'] === 'b2' && f['c'] === 'c3' ? 0.45 : f['a'] === 'a1' ? 0.3 : 0.2)),
    );
    const view = openImage(fold.image);
    const leaders = confirmedLeaders(fold);
    expect(leaders).toEqual(expect.arrayContaining(['a1', 'b2&c3']));
    expect(leaders).not.toContain(shadow);
    const explained = activePatterns(view).find(({ index }) => labelOf(fold, index) === shadow);
    if (explained === undefined) throw new Error('the shadow is active');
    const { explainedBy } = readEvidence(view, explained.index);
    expect(explainedBy?.reason).toBe('jointly');
    expect(labelOf(fold, explainedBy?.index ?? -1)).toBe(named);
  });

  it('confirms nothing where nothing is real', () => {
    for (const seed of [1, 2]) {
      const fold = folded(world(seed, 6_000, () => 0.2));
      expect(openImage(fold.image).header[HEADER.rejections]).toBe(0);
    }
  });

  it('says why: more words for the same, nothing added, or nothing left without the narrower one', () => {
    const fold = folded(
      world(
        21,
        10_000,
        (f) => (f['a'] === 'a1' && f['b'] === 'b2' ? 0.5 : 0.2),
        (f) => ({ twin: `t${f['a']}` }),
      ),
    );
    const view = openImage(fold.image);
    const reasons = new Map(
      activePatterns(view).flatMap(({ index }) => {
        const { explainedBy } = readEvidence(view, index);
        return explainedBy === null ? [] : [[labelOf(fold, index), explainedBy.reason] as const];
      }),
    );
    expect(new Set(reasons.values())).toEqual(
      new Set(['closed', 'restates', 'only-its-child', 'overlaps', 'mirrors', 'shadows', 'jointly']),
    );
    // The same outcomes in three words, and the parent that is only its child.
    expect(reasons.get('a1&b2&ta1')).toBe('closed');
    expect(reasons.get('b2')).toBe('only-its-child');
  });

  it('says that it has not compared where no place is free, and nothing else', () => {
    const fold = folded(world(21, 6_144, (f) => (f['a'] === 'a1' && f['b'] === 'b2' ? 0.5 : 0.2)));
    const view = openImage(fold.image);
    const reasons = () =>
      new Map(
        activePatterns(view).map(({ index }) => [index, readEvidence(view, index).explainedBy?.reason]),
      );
    const before = reasons();
    const [one] = activePatterns(view);
    if (one === undefined) throw new Error('something is active');
    expect([...before.values()]).toContain('restates');
    // One pair stays; all other places are taken.
    const kept = view.pairKind.findIndex((kind, pair) => {
      const isAsked = kind === PAIR.childWithinParent;
      return isAsked && before.get(view.pairChild[pair] ?? -1) === 'restates';
    });
    for (let pair = 0; pair < view.pairKind.length; pair += 1) {
      if (pair === kept) continue;
      view.pairKind[pair] = PAIR.childWithinParent;
      view.pairChild[pair] = one.index;
      view.pairParent[pair] = one.index;
    }
    const rows = new StandingRows(fold.columns, 0);
    const pruning = new Pruning(view, fold.columns, rows, new BlockIncrements(), () => undefined);
    pruning.run(6_144, null);
    const after = reasons();
    expect(view.header[HEADER.pairsLeftOut]).toBeGreaterThan(0);
    expect(after.get(view.pairChild[kept] ?? -1)).toBe('restates');
    for (const [index, reason] of before) {
      if (reason === 'restates' && index !== view.pairChild[kept]) {
        expect(after.get(index)).toBe('not-compared');
      }
    }
    expect([...after.values()].filter((reason) => reason === 'restates')).toHaveLength(1);
  });

  it('keeps a parent under its child when a new confirmation asks about the parent and not about the child', () => {
    const log = world(57, 12_000, (f) =>
      f['b'] === 'b2' && f['c'] === 'c3' ? 0.45 : f['a'] === 'a1' ? 0.3 : 0.2,
    );
    let fold = startFold([], { trackedCap: 2_000 });
    const leading = new Set<string>();
    for (let at = 6_000; at <= log.length; at += 100) {
      fold = foldLog(log.slice(0, at), () => 3_000, fold);
      for (const label of confirmedLeaders(fold)) leading.add(label);
    }
    expect(leading).toContain('b2&c3');
    expect([...leading].filter((label) => label === 'b2' || label === 'c3')).toEqual([]);
  });

  it.each([1, 2, 5])('leads with a cause that has turned round, beside another one (seed %d)', (seed) => {
    const log = turning(seed);
    const fold = foldLog(log, () => 3_000, startFold([], { trackedCap: 400 }));
    const view = openImage(fold.image);
    const turn = fold.effects.find(
      ({ kind, index }) => kind === 'change-down' && labelOf(fold, index) === 'a1',
    );
    if (turn === undefined) throw new Error('no alarm');
    const again = { kind: 'confirmed', index: turn.index, side: -1 };
    expect(fold.effects).toContainEqual(expect.objectContaining(again));
    expect(confirmedLeaders(fold)).toEqual(expect.arrayContaining(['a1', 'b2']));
    // What is said to overlap does.
    const matches = new RecentMatches(fold.columns);
    const recent = (index: number) => matches.of(view, index, log.length);
    for (const { index } of activePatterns(view)) {
      const { explainedBy } = readEvidence(view, index);
      if (explainedBy?.reason !== 'overlaps') continue;
      expect(jaccard(recent(index), recent(explainedBy.index))).toBeGreaterThanOrEqual(OVERLAP_JACCARD);
    }
  });

  it.each([1])('asks nothing of what begins again until it stands (seed %d)', (seed) => {
    const log = turning(seed);
    const whole = foldLog(log, () => 3_000, startFold([], { trackedCap: 400 }));
    const turn = whole.effects.find(
      ({ kind, index }) => kind === 'change-down' && labelOf(whole, index) === 'a1',
    );
    if (turn === undefined) throw new Error('no alarm');
    const pruned = turn.position + PRUNE_EVERY - (turn.position % PRUNE_EVERY);
    const fold = foldLog(log.slice(0, pruned), () => 3_000, startFold([], { trackedCap: 400 }));
    const view = openImage(fold.image);
    expect(readEvidence(view, turn.index)).toMatchObject({ status: 'weakening', explainedBy: null });
    // What did better with it does not lead in its place.
    const leaders = evidenceLeaders(view).filter((index) => readEvidence(view, index).direction === 'better');
    expect(leaders.map((index) => labelOf(fold, index)).filter((label) => /a1/.test(label))).toEqual([]);
  });

  it('folds the other side of a flag under it', () => {
    const fold = folded(
      world(
        41,
        5_000,
        (f) => (f['b'] === 'b1' || f['b'] === 'b2' ? 0.4 : 0.2),
        (f) => ({ half: f['b'] === 'b1' || f['b'] === 'b2' ? 'yes' : 'no' }),
      ),
    );
    const view = openImage(fold.image);
    const [leader, mirror] = activePatterns(view)
      .map(({ index }) => ({ label: labelOf(fold, index), index, ...readEvidence(view, index) }))
      .filter(({ label }) => label === 'yes' || label === 'no')
      .sort((x, y) => Number(x.explainedBy !== null) - Number(y.explainedBy !== null));
    expect(leader?.explainedBy).toBeNull();
    expect(mirror?.explainedBy).toEqual({ index: leader?.index, reason: 'mirrors' });
    expect(new Set([leader?.direction, mirror?.direction])).toEqual(new Set(['better', 'worse']));
  });

  it('puts copies of an attribute into one cluster', () => {
    const copy = (f: Record<string, string>, random: () => number) => ({
      // Nine times of ten the same: neither contains the other.
      copy: random() < 0.9 ? `copy-${f['a']}` : `copy-a${Math.floor(random() * 4)}`,
    });
    const fold = folded(world(31, 5_000, (f) => (f['a'] === 'a1' ? 0.4 : 0.2), copy));
    const view = openImage(fold.image);
    const leaders = confirmedLeaders(fold);
    expect(leaders[0]).toBe('a1');
    expect(leaders).not.toContain('copy-a1');
    const shadow = activePatterns(view).find(({ index }) => labelOf(fold, index) === 'copy-a1');
    if (shadow === undefined) throw new Error('the copy is active');
    expect(readEvidence(view, shadow.index).explainedBy).toEqual({
      index: evidenceLeaders(view)[0],
      reason: 'overlaps',
    });
  });

  it('measures overlap as shared over all', () => {
    expect(jaccard(Uint32Array.of(0b1111, 0), Uint32Array.of(0b0011, 1))).toBe(2 / 5);
    expect(jaccard(Uint32Array.of(0), Uint32Array.of(0))).toBe(0);
  });
});
