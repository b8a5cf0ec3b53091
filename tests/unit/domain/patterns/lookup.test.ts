import { describe, expect, it } from 'vitest';
import { FALSE_CODE } from '../../../../src/lib/domain/attributes/codes.ts';
import { conjunctionOf } from '../../../../src/lib/domain/patterns/conjunction.ts';
import { evaluate } from '../../../../src/lib/domain/patterns/evaluate.ts';
import { openImage } from '../../../../src/lib/domain/patterns/fold-image.ts';
import { evidenceLeaders, leadingPatterns } from '../../../../src/lib/domain/patterns/leading-patterns.ts';
import { lookup } from '../../../../src/lib/domain/patterns/lookup.ts';
import { trackedPattern } from '../../../../src/lib/domain/patterns/tracked-patterns.ts';
import { add, foldLog, seeded } from '../fold-scripts.ts';

const log = [
  add(1, 'success', { contact: 'cellular', loan: 'no', vip: true }, 12.5),
  add(2, 'failure', { contact: 'cellular', loan: 'yes', vip: false }, 1),
  add(3, 'success', { contact: 'unknown:x', loan: 'no', vip: true }),
  add(4, 'neutral', { contact: 'cellular', loan: 'maybe', vip: true }),
  add(5, 'success', { contact: 'cellular', loan: 'no', vip: false }, 7.25),
  add(6, 'failure', { contact: 'unknown:x', loan: 'yes' }),
];
const fold = foldLog(log, () => 4);
const ask = (...where: [string, string][]) =>
  lookup(
    fold,
    where.map(([attribute, value]) => ({ attribute, value })),
  );

describe('lookup', () => {
  it('answers any conjunction with its figures, its rest and its name', () => {
    expect(ask(['loan', 'no'], ['contact', 'cellular'])).toMatchObject({
      kind: 'found',
      source: 'cube',
      trackedIndex: null,
      conjunction: { label: 'contact cellular and loan no', fingerprint: 'contact=cellular&loan=no' },
      evaluation: { n: 2, successes: 2, rate: 1, rest: { n: 3, successes: 1 }, mean: 9.875, valueCount: 2 },
    });
    expect(ask(['vip', 'true'])).toMatchObject({ evaluation: { n: 2, successes: 2 } });
    expect(ask(['contact', 'unknown:x'])).toMatchObject({ evaluation: { n: 2, successes: 1, mean: null } });
  });

  it('says 0 for a value that no counted outcome has, and for two values at once', () => {
    expect(ask(['loan', 'perhaps'])).toMatchObject({
      kind: 'found',
      source: 'none',
      evaluation: { n: 0, rate: null },
    });
    expect(ask(['loan', 'maybe'])).toMatchObject({ kind: 'found', evaluation: { n: 0 } });
    expect(ask(['loan', 'no'], ['loan', 'yes'])).toMatchObject({
      kind: 'found',
      source: 'none',
      evaluation: { n: 0 },
    });
    expect(ask(['loan', 'no'], ['loan', 'no'])).toMatchObject({
      evaluation: { n: 3 },
      conjunction: { label: 'loan no' },
    });
  });

  it('says what it cannot answer', () => {
    expect(ask()).toEqual({ kind: 'invalid', reason: 'no-conditions' });
    expect(ask(['colour', 'red'])).toEqual({ kind: 'unknown-attribute', attribute: 'colour' });
    expect(ask(['loan', 'no'], ['loan', 'yes'], ['vip', 'true'], ['contact', 'cellular'])).toEqual({
      kind: 'invalid',
      reason: 'too-many-conditions',
    });
  });
});

describe('conjunctionOf', () => {
  it('names the same conditions the same, whatever their slots, and keeps different ones apart', () => {
    const one = foldLog([add(1, 'success', { b: 'x=y&z', a: '50%' })], () => 1);
    const other = foldLog([add(1, 'success', { b: 'x=y&z' }), add(2, 'success', { a: '50%' })], () => 1);
    const name = conjunctionOf(one.space, [0, 1], [1, 1]);
    expect(name).toMatchObject({ fingerprint: 'a=50%25&b=x%3Dy%26z', label: 'a 50% and b x=y&z' });
    expect(conjunctionOf(other.space, [0, 1], [1, 1])).toMatchObject({ fingerprint: name.fingerprint });
    expect(() => conjunctionOf(one.space, [5], [1])).toThrow(RangeError);
  });

  it('says no of a flag that is not set, and keeps what it is in fingerprint and condition', () => {
    const { space } = foldLog([add(1, 'success', { returning: false })], () => 1);
    expect(conjunctionOf(space, [0], [FALSE_CODE])).toMatchObject({
      conditions: [{ attribute: 'returning', value: 'false' }],
      fingerprint: 'returning=false',
      label: 'returning no',
    });
  });
});

describe('evaluate', () => {
  it('shows the example of the doc: poutcome success in the bank file', () => {
    const figures = evaluate({ n: 1_511, successes: 978 }, { n: 45_211, successes: 5_289 });
    expect(figures.rate).toBeCloseTo(0.64725347452, 11);
    expect(figures.lift).toBeCloseTo(6.561, 3);
    expect(figures.z).toBeCloseTo(65.2320043312, 9);
    expect(figures.method).toBe('z');
  });

  it('is finite where there is nothing', () => {
    expect(evaluate({ n: 0, successes: 0 }, { n: 0, successes: 0 })).toEqual({
      n: 0,
      successes: 0,
      rate: null,
      wilson: { low: 0, high: 1 },
      rest: { n: 0, successes: 0, rate: null, wilson: { low: 0, high: 1 } },
      lift: null,
      oddsRatio: null,
      difference: { low: -1, high: 1 },
      pValueSingleLook: 1,
      method: 'mid-p',
      z: 0,
      mean: null,
      valueCount: 0,
    });
  });
});

describe('leadingPatterns', { timeout: 60_000 }, () => {
  it('leads with the planted pair, and with nothing that contains, is contained in or restates a leader', () => {
    const random = seeded(4);
    const pick = (n: number) => `v${Math.floor(random() * n)}`;
    const planted = Array.from({ length: 6_000 }, (_, i) => {
      const facts = { a: pick(4), b: pick(4), c: pick(4), d: pick(3) };
      const twin = random() < 0.99 ? facts.a : 'odd';
      const rate = facts.a === 'v1' && facts.b === 'v2' ? 0.7 : facts.d === 'v2' ? 0.1 : 0.25;
      return add(i + 1, random() < rate ? 'success' : 'failure', { ...facts, twin });
    });
    const state = foldLog(planted, () => 1_000);
    const itemsOf = (index: number) => {
      const pattern = trackedPattern(state.image, index);
      if (pattern === null) throw new Error('a leader is tracked');
      return conjunctionOf(state.space, pattern.slots, pattern.codes).conditions.map(
        (c) => `${c.attribute}=${c.value}`,
      );
    };
    const found = leadingPatterns(state.image);
    const leaders = found.map(({ index }) => itemsOf(index));
    const shown = found.map(({ stands }, i) => ({ stands, items: leaders[i] ?? [] }));
    expect(leaders[0]).toEqual(expect.arrayContaining(['b=v2']));
    expect(leaders[0]).toHaveLength(2);
    expect(leaders.length).toBeLessThanOrEqual(8);
    for (const one of shown) {
      expect(one.items.includes('a=v1') && one.items.includes('twin=v1')).toBe(false);
      for (const other of shown) {
        if (one === other || one.stands) continue;
        expect(other.items.every((item) => one.items.includes(item))).toBe(false);
        expect(one.items.every((item) => other.items.includes(item))).toBe(false);
      }
    }
    expect(leaders).toContainEqual(['d=v2']);
    // What stands comes first, by its evidence; then what merely differs.
    expect(shown.map(({ stands }) => stands)).toEqual(
      [...shown]
        .map(({ stands }) => stands)
        .sort()
        .reverse(),
    );
    const view = openImage(state.image);
    expect(found.filter(({ stands }) => stands).map(({ index }) => index)).toEqual(
      evidenceLeaders(view).slice(0, 8),
    );
    expect(leadingPatterns(state.image, { minimumZ: 1e9 }).every(({ stands }) => stands)).toBe(true);
    expect(leadingPatterns(state.image, { limit: 2 })).toHaveLength(2);
  });
});
