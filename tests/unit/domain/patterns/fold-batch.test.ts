import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttributeSpace } from '../../../../src/lib/domain/attributes/attribute-space.ts';
import { resolveCondition } from '../../../../src/lib/domain/attributes/resolve-condition.ts';
import { toFixedPoint } from '../../../../src/lib/domain/outcomes/fixed-point.ts';
import type { LogFacts } from '../../../../src/lib/domain/outcomes/log-facts.ts';
import { cellOf, codesOfCell } from '../../../../src/lib/domain/patterns/cell-of.ts';
import {
  tupleCells,
  tupleIndex,
  tuplesOf,
  usedSlots,
} from '../../../../src/lib/domain/patterns/cube-layout.ts';
import { lastComparedAt } from '../../../../src/lib/domain/patterns/compare-tracked.ts';
import type { EncodedBatch } from '../../../../src/lib/domain/attributes/encoded-batch.ts';
import { BlockIncrements } from '../../../../src/lib/domain/statistics/block-increments.ts';
import { goneForGood } from '../../../../src/lib/domain/patterns/departure.ts';
import { foldBatch } from '../../../../src/lib/domain/patterns/fold-batch.ts';
import {
  createFoldImage,
  imageFromBytes,
  openImage,
  readTotals,
} from '../../../../src/lib/domain/patterns/fold-image.ts';
import { countOf } from '../../../../src/lib/domain/patterns/lookup.ts';
import { scanColumns } from '../../../../src/lib/domain/patterns/scan-columns.ts';
import { trackedPatterns } from '../../../../src/lib/domain/patterns/tracked-patterns.ts';
import {
  add,
  bytesOf,
  columnBytes,
  encodedBatch,
  type Fold,
  foldLog,
  randomLog,
  retract,
  seeded,
  startFold,
  step,
} from '../fold-scripts.ts';

interface Counted {
  n: number;
  successes: number;
  count: number;
  sum: number;
}

/** Codes of an entry by the final space, by way of labels and not of the encoder. */
function codesByLabel(space: AttributeSpace, entry: LogFacts): number[] {
  return space.searched.map(({ key }) => {
    const value = entry.attributes[key];
    if (value === undefined || value === '') return 0;
    const resolved = resolveCondition(space, key, String(value));
    if (resolved.kind === 'item') return resolved.code;
    if (resolved.kind === 'in-other') return 65;
    if (resolved.kind === 'collecting') return 0;
    throw new Error(`${key}:${String(value)} is ${resolved.kind}`);
  });
}

/** Every conjunction's counts, one entry after another, in a map. */
function recount(space: AttributeSpace, log: readonly LogFacts[]): Map<string, Counted> {
  const counts = new Map<string, Counted>();
  for (const entry of log) {
    if (entry.result === 'neutral') continue;
    const codes = codesByLabel(space, entry);
    const sign = entry.kind === 'add' ? 1 : -1;
    const slots = codes.flatMap((code, slot) => (code > 0 ? [slot] : []));
    for (const tuple of tuplesOf(slots)) {
      const key = tuple.map((slot) => `${slot}=${codes[slot]}`).join();
      const cell = counts.get(key) ?? { n: 0, successes: 0, count: 0, sum: 0 };
      cell.n += sign;
      if (entry.result === 'success') cell.successes += sign;
      if (entry.value !== null) {
        cell.count += sign;
        cell.sum += sign * toFixedPoint(entry.value);
      }
      counts.set(key, cell);
    }
  }
  return counts;
}

/** Every cell of an image, as the recount has them; empty cells left out. */
function cellsOf({ image }: Fold): Map<string, Counted> {
  const view = openImage(image);
  const found = new Map<string, Counted>();
  for (const tuple of tuplesOf(usedSlots(image.layout.capacities))) {
    const base = view.bases[tupleIndex(tuple)] ?? -1;
    if (base < 0) continue;
    for (let offset = 0; offset < tupleCells(tuple, image.layout.capacities); offset += 1) {
      const codes = codesOfCell(view, tuple, offset);
      expect(cellOf(view, tuple, codes)).toBe(base + offset);
      const n = view.cells[(base + offset) * 3] ?? NaN;
      const successes = view.cells[(base + offset) * 3 + 1] ?? NaN;
      const count = view.valueCounts[base + offset] ?? 0;
      const sum = view.valueSums[base + offset] ?? 0;
      const key = tuple.map((slot, i) => `${slot}=${codes[i]}`).join();
      if (n !== 0 || successes !== 0 || count !== 0 || sum !== 0)
        found.set(key, { n, successes, count, sum });
    }
  }
  return found;
}

function withoutEmpty(counts: Map<string, Counted>): Map<string, Counted> {
  return new Map([...counts].filter(([, { n, successes, count, sum }]) => n || successes || count || sum));
}

/** Admission told again with nothing but maps; no cap. Categories only. */
function admissions(log: readonly LogFacts[]): string[] {
  const slotOf = new Map<string, number>();
  const counts = new Map<string, number>();
  const tracked = new Set<string>();
  const born: string[] = [];
  let n = 0;
  for (const entry of log) {
    if (entry.result === 'neutral') continue;
    n += entry.kind === 'add' ? 1 : -1;
    for (const key of Object.keys(entry.attributes).sort())
      if (!slotOf.has(key)) slotOf.set(key, slotOf.size);
    const items = Object.entries(entry.attributes)
      .map(([key, value]) => ({ slot: slotOf.get(key) ?? -1, text: `${key}=${String(value)}` }))
      .sort((a, b) => a.slot - b.slot);
    for (const tuple of tuplesOf(items.map((_, i) => i))) {
      const name = tuple.map((i) => items[i]?.text).join('&');
      const count = (counts.get(name) ?? 0) + (entry.kind === 'add' ? 1 : -1);
      counts.set(name, count);
      const supported = count >= 10 * tuple.length && count >= 0.005 * n;
      if (entry.kind === 'add' && supported && !tracked.has(name)) {
        tracked.add(name);
        born.push(`${name}@${entry.position}`);
      }
    }
  }
  return born;
}

function named(
  fold: Fold,
  { slots, codes }: { readonly slots: readonly number[]; readonly codes: readonly number[] },
): string {
  return slots
    .map((slot, i) => {
      const attribute = fold.space.searched[slot];
      if (attribute?.type !== 'string') throw new Error('categories only');
      return `${attribute.key}=${attribute.values[(codes[i] ?? 0) - 1]}`;
    })
    .join('&');
}

/** A log of categories with different prevalences, where attributes appear in a fixed order. */
function categoryLog(seed: number, entries: number, attributes: number, levels: number): LogFacts[] {
  const random = seeded(seed);
  return Array.from({ length: entries }, (_, i) => {
    const facts: Record<string, string> = {};
    for (let a = 0; a < attributes; a += 1) {
      facts[`a${String.fromCharCode(97 + a)}`] = `v${Math.floor(random() ** 2 * levels)}`;
    }
    return add(i + 1, random() < 0.2 ? 'success' : 'failure', facts);
  });
}

const logs = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  entries: fc.integer({ min: 1, max: 1_100 }),
  retractShare: fc.constantFrom(0, 0.1, 0.45),
  valueShare: fc.constantFrom(0, 0.3, 1),
  attributes: fc.constantFrom(1, 3, 5, 9, 18),
  categories: fc.constantFrom(3, 6, 90),
});

const NOTHING = { n: 0, successes: 0, values: { count: 0, sum: 0 } };

describe('foldBatch', { timeout: 120_000 }, () => {
  it('counts every conjunction as a plain recount of the log does', () => {
    fc.assert(
      fc.property(logs, fc.integer({ min: 1, max: 700 }), ({ seed, ...options }, size) => {
        const log = randomLog(seed, options);
        const fold = foldLog(log, () => size);
        expect(cellsOf(fold)).toEqual(withoutEmpty(recount(fold.space, log)));
        const totals = readTotals(fold.image);
        const sign = ({ kind }: LogFacts) => (kind === 'add' ? 1 : -1);
        const sum = (of: (entry: LogFacts) => boolean) =>
          log.filter(of).reduce((total, entry) => total + sign(entry), 0);
        expect(totals.position).toBe(log.length);
        expect(totals.successes).toBe(sum(({ result }) => result === 'success'));
        expect(totals.failures).toBe(sum(({ result }) => result === 'failure'));
        expect(totals.neutral).toBe(sum(({ result }) => result === 'neutral'));
      }),
      { numRuns: 12 },
    );
  });

  it('gives the same bytes however the log is cut into batches', () => {
    fc.assert(
      fc.property(logs, fc.integer(), ({ seed, ...options }, sizes) => {
        const log = randomLog(seed, options);
        const random = seeded(sizes);
        const whole = foldLog(log, () => log.length);
        const pieces = foldLog(log, () => Math.ceil(random() ** 3 * 300));
        expect(pieces.space).toEqual(whole.space);
        expect(pieces.settings).toEqual(whole.settings);
        expect(pieces.image.layout).toEqual(whole.image.layout);
        expect(Buffer.compare(bytesOf(pieces.image), bytesOf(whole.image))).toBe(0);
        expect(pieces.born).toEqual(whole.born);
        expect(columnBytes(pieces.columns, log.length)).toEqual(columnBytes(whole.columns, log.length));
      }),
      { numRuns: 25 },
    );
  });

  it('is the same live and refolded with the settings that the live run stored', () => {
    fc.assert(
      fc.property(logs, ({ seed, ...options }) => {
        const log = randomLog(seed, options);
        const live = foldLog(log, () => 97);
        const refold = foldLog(log, () => 500, startFold(live.settings));
        expect(refold.space).toEqual(live.space);
        expect(refold.settings).toEqual(live.settings);
        expect(Buffer.compare(bytesOf(refold.image), bytesOf(live.image))).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  it('never writes the front: a dropped result leaves the state as it was, and can be folded again', () => {
    const log = randomLog(7, { entries: 1_600, attributes: 8 });
    let fold = foldLog(log.slice(0, 350), () => 100);
    // Batches across the cut at the 500th value, each folded once in vain with a longer or shorter reach.
    for (let start = 350; start < log.length; start += 110) {
      const before = bytesOf(fold.image);
      const space = JSON.stringify(fold.space);
      const dropped = encodedBatch(fold.space, log.slice(start, start + 400));
      foldBatch({ front: fold.image, spare: fold.spare, columns: fold.columns, batch: dropped });
      expect(Buffer.compare(bytesOf(fold.image), before)).toBe(0);
      expect(JSON.stringify(fold.space)).toBe(space);
      fold = step(fold, log.slice(start, start + 110));
    }
    const clean = foldLog(log, () => 110);
    expect(Buffer.compare(bytesOf(fold.image), bytesOf(clean.image))).toBe(0);
    expect(columnBytes(fold.columns, log.length)).toEqual(columnBytes(clean.columns, log.length));
  });

  it('does not count what a failed batch has left in the columns', () => {
    const random = seeded(9);
    // y waits for its cut a little longer than x.
    const log = Array.from({ length: 700 }, (_, i) => {
      const x = Math.floor(random() * 90);
      return add(
        i + 1,
        random() < 0.4 ? 'success' : 'failure',
        i < 30 ? { x } : { x, y: Math.floor(random() * 90) },
      );
    });
    let fold = foldLog(log.slice(0, 450), () => 450);
    const dropped = encodedBatch(fold.space, log.slice(450, 600));
    expect(dropped.acts.filter(({ kind }) => kind === 'cut').map(({ after }) => after)).toEqual([500, 530]);
    foldBatch({ front: fold.image, spare: fold.spare, columns: fold.columns, batch: dropped });
    fold = step(fold, log.slice(450, 510));
    fold = step(fold, log.slice(510));
    expect(cellsOf(fold)).toEqual(withoutEmpty(recount(fold.space, log)));
  });

  it('does not write the front even when it is given as the spare', () => {
    const log = randomLog(8, { entries: 300 });
    const fold = foldLog(log.slice(0, 250), () => 250);
    const before = bytesOf(fold.image);
    const batch = encodedBatch(fold.space, log.slice(250));
    foldBatch({ front: fold.image, spare: fold.image, columns: fold.columns, batch });
    expect(Buffer.compare(bytesOf(fold.image), before)).toBe(0);
  });

  it('refuses a batch that does not follow', () => {
    const log = randomLog(1, { entries: 20 });
    const fold = foldLog(log.slice(0, 10), () => 10);
    const { batch } = { batch: { ...encodedBatch(fold.space, log.slice(10)), firstPosition: 12 } };
    expect(() => foldBatch({ front: fold.image, spare: null, columns: fold.columns, batch })).toThrow(
      RangeError,
    );
  });

  it('survives a snapshot and the way between threads', () => {
    const log = randomLog(3, { entries: 900 });
    const fold = foldLog(log.slice(0, 600), () => 50);
    const clone = structuredClone({ image: fold.image, space: fold.space, columns: fold.columns });
    expect(Buffer.compare(bytesOf(clone.image), bytesOf(fold.image))).toBe(0);
    const layout = JSON.parse(JSON.stringify(fold.image.layout)) as typeof fold.image.layout;
    const restored = {
      ...fold,
      image: imageFromBytes(layout, bytesOf(fold.image)),
      space: JSON.parse(JSON.stringify(fold.space)) as AttributeSpace,
      spare: null,
    };
    const expected = bytesOf(foldLog(log, () => 64).image);
    expect(Buffer.compare(bytesOf(foldLog(log, () => 77, restored).image), expected)).toBe(0);
    expect(() => imageFromBytes(layout, new Uint8Array(8))).toThrow(RangeError);
  });

  it('tracks conjunctions when and in the order that support says', () => {
    for (const seed of [1, 2, 3]) {
      const log = categoryLog(seed, 4_500, 4, 5);
      for (const [from, to] of [
        [100, 900],
        [40, 2_000],
      ] as const) {
        const taken = log[from];
        if (taken !== undefined) log[to] = retract(to + 1, taken);
      }
      const fold = foldLog(log, () => 333);
      expect(fold.born.map((one) => `${named(fold, one)}@${one.position}`)).toEqual(admissions(log));
      expect(fold.born.map(({ ordinal }) => ordinal)).toEqual(fold.born.map((_, i) => i + 1));
      expect(trackedPatterns(fold.image)).toHaveLength(fold.born.length);
      for (const depth of [1, 2, 3]) {
        const own = fold.born.filter(({ slots }) => slots.length === depth);
        expect(own.map(({ depthOrdinal }) => depthOrdinal)).toEqual(own.map((_, i) => i + 1));
      }
    }
  });

  it('says all along that it goes on, also where one act reads the log again for every pattern', () => {
    const log = categoryLog(5, 600, 3, 3);
    const steps = (batch: EncodedBatch) => {
      let count = 0;
      const task = { front: fold.image, spare: null, columns: fold.columns, batch };
      foldBatch(task, new BlockIncrements(), () => (count += 1));
      return count;
    };
    const taken = log[10];
    if (taken === undefined) throw new Error('no entry');
    const fold = foldLog([...log, retract(601, taken)], () => 100);
    const nothing = encodedBatch(fold.space, []);
    expect(steps(nothing)).toBe(0);
    const swap = { kind: 'swap', after: 601, through: 601 } as const;
    for (const recount of [true, false]) {
      const acts = [{ ...swap, recount }];
      expect(steps({ ...nothing, acts })).toBeGreaterThanOrEqual(trackedPatterns(fold.image).length);
    }
    const batch = encodedBatch(
      fold.space,
      log.slice(0, 50).map((entry, i) => ({ ...entry, position: 602 + i })),
    );
    expect(steps(batch)).toBeGreaterThanOrEqual(50);
  });

  it('says which tracked patterns a batch touched', () => {
    const log = categoryLog(5, 600, 3, 3);
    const fold = foldLog(log.slice(0, 590), () => 100);
    const { batch } = { batch: encodedBatch(fold.space, log.slice(590, 592)) };
    const result = foldBatch({ front: fold.image, spare: fold.spare, columns: fold.columns, batch });
    const before = trackedPatterns(fold.image);
    const changed = trackedPatterns(result.image).filter(
      ({ index, n }) => before.find((one) => one.index === index)?.n !== n,
    );
    expect(changed.length).toBeGreaterThan(0);
    expect([...result.touched]).toEqual(changed.map(({ index }) => index));
  });

  it('never tracks "other", and keeps what a retract takes below the support', () => {
    const log: LogFacts[] = [];
    for (let i = 0; i < 64; i += 1) log.push(add(log.length + 1, 'failure', { city: `c${i}` }));
    for (let i = 0; i < 40; i += 1) log.push(add(log.length + 1, 'failure', { city: `rare${i}` }));
    for (let i = 0; i < 12; i += 1) log.push(add(log.length + 1, 'success', { city: 'c5' }));
    let fold = foldLog(log, () => 50);
    expect(fold.born.map((one) => named(fold, one))).toEqual(['city=c5']);
    expect(countOf(fold.image, fold.columns, [0], [65]).counts.n).toBe(40);
    for (const entry of log.slice(-12)) fold = step(fold, [retract(fold.space.position + 1, entry)]);
    expect(trackedPatterns(fold.image)).toMatchObject([{ n: 1, successes: 0 }]);
    expect(fold.evicted).toEqual([]);
  });

  it('keeps to its cap, and what stays is what the rule says: singles, pairs, triples, then support', () => {
    const log = categoryLog(11, 9_000, 5, 6);
    const cap = 150;
    const fold = foldLog(log, () => 1_000, startFold([], { trackedCap: cap }));
    const single = foldLog(log, () => 1, startFold([], { trackedCap: cap }));
    expect(Buffer.compare(bytesOf(single.image), bytesOf(fold.image))).toBe(0);
    expect(single.born).toEqual(fold.born);
    expect(single.evicted).toEqual(fold.evicted);
    expect(fold.evicted.length).toBeGreaterThan(0);
    expect(readTotals(fold.image).tracked).toBe(cap);

    // Right after a comparison, told again from a recount.
    const compared = foldLog(log.slice(0, 8_192), () => 1_000, startFold([], { trackedCap: cap }));
    const supported = [...recount(compared.space, log.slice(0, 8_192))]
      .map(([key, { n }]) => ({ key, n, depth: key.split(',').length }))
      .filter(({ n, depth }) => n >= 10 * depth && n >= 0.005 * 8_192)
      .sort((a, b) => a.depth - b.depth || b.n - a.n);
    const kept = trackedPatterns(compared.image).map(({ slots, codes, n }) => ({
      key: slots.map((slot, i) => `${slot}=${codes[i]}`).join(),
      n,
      depth: slots.length,
    }));
    const rank = (list: readonly { depth: number; n: number }[]) =>
      list.map(({ depth, n }) => `${depth}:${n}`).sort();
    expect(rank(kept)).toEqual(rank(supported.slice(0, cap)));
    expect(readTotals(compared.image).leftOut).toBe(supported.length - cap);

    // Later on the number is still that of the comparison, and says so.
    const { position, leftOut } = readTotals(fold.image);
    expect({ position, comparedAt: lastComparedAt(position), leftOut }).toEqual({
      position: 9_000,
      comparedAt: 8_192,
      leftOut: supported.length - cap,
    });
    expect(lastComparedAt(4_095)).toBe(0);
  });

  it('lets patterns that have lost their support stay as far as there is room', () => {
    const rare = Array.from({ length: 200 }, (_, i) =>
      add(i + 1, 'failure', { a: `r${Math.floor(i / 10)}` }),
    );
    const common = Array.from({ length: 3_896 }, (_, i) => add(201 + i, 'failure', { a: 'common' }));
    const fold = foldLog([...rare, ...common], () => 500, startFold([], { trackedCap: 20 }));
    // The image is at 4,096: one of the stale ones has made room for the common one.
    expect(fold.born.map((one) => named(fold, one)).slice(-2)).toEqual(['a=r19', 'a=common']);
    expect(fold.evicted).toMatchObject([{ ordinal: 20, position: 4_096 }]);
    expect(readTotals(fold.image)).toMatchObject({ tracked: 20, leftOut: 0 });
  });

  /** Rare values that stand, "good" and "bad", and twelve frequent ones without effect; compared at the end. */
  function standingAmong(trackedCap: number) {
    const random = seeded(8);
    const log = Array.from({ length: 4_096 }, (_, i) => {
      if (i < 160)
        return add(i + 1, i % 2 === 0 ? 'success' : 'failure', { a: i % 2 === 0 ? 'good' : 'bad' });
      const result = random() < 0.5 ? 'success' : 'failure';
      return add(i + 1, result, { a: `v${Math.floor(random() * 12)}` });
    });
    return foldLog(log, () => 1_000, startFold([], { trackedCap }));
  }

  it('never lets go of what stands while anything else could leave', () => {
    const fold = standingAmong(10);
    const names = trackedPatterns(fold.image).map((one) => named(fold, one));
    expect(names).toEqual(expect.arrayContaining(['a=good', 'a=bad']));
    expect(readTotals(fold.image)).toMatchObject({ tracked: 10, leftOut: 4 });
    expect(fold.evicted.map(({ status }) => status)).not.toContain('confirmed');
  });

  it('lets go even of what stands once nothing else is left, and says so', () => {
    const fold = standingAmong(2);
    expect(fold.evicted.map((one) => named(fold, one))).toEqual(['a=good', 'a=bad']);
    for (const { ordinal, position, status, n, logEPlus, logEMinus } of fold.evicted) {
      expect({ position, status, n }).toEqual({ position: 4_096, status: 'confirmed', n: 80 });
      const told = fold.effects.filter((effect) => effect.ordinal === ordinal).at(-1);
      expect(told).toMatchObject({ kind: 'evicted', position: 4_096, logE: Math.max(logEPlus, logEMinus) });
    }
    expect(goneForGood(openImage(fold.image), fold.evicted)).toEqual(fold.evicted);
  });

  it('breaks ties of support by the order of births', () => {
    const log = Array.from({ length: 4_096 }, (_, i) => add(i + 1, 'failure', { a: `v${i % 16}` }));
    const fold = foldLog(log, () => 1_024, startFold([], { trackedCap: 10 }));
    expect(fold.evicted).toEqual([]);
    expect(readTotals(fold.image)).toMatchObject({ tracked: 10, leftOut: 6 });
    expect(trackedPatterns(fold.image).map(({ codes }) => codes[0])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('gives no room to "other", however frequent it is', () => {
    const cities: string[] = [];
    for (let i = 0; i < 10; i += 1) cities.push(...new Array<string>(10).fill(`c${i}`));
    for (let i = 10; i < 64; i += 1) cities.push(`c${i}`);
    for (let i = 0; i < 2_000; i += 1) cities.push(`rare${i % 7}`);
    cities.push(...new Array<string>(50).fill('c20'));
    while (cities.length < 4_096) cities.push('c0');
    const log = cities.map((city, i) => add(i + 1, 'failure', { city }));
    const fold = foldLog(log, () => 1_000, startFold([], { trackedCap: 10 }));
    expect(readTotals(fold.image)).toMatchObject({ tracked: 10, leftOut: 0 });
    expect(fold.evicted.map((one) => named(fold, one))).toEqual(['city=c9']);
    expect(fold.born.map((one) => named(fold, one)).slice(10)).toEqual(['city=c20']);
  });

  it('never counts a table anew that had to leave the cube', () => {
    let evicted = 0;
    for (let cellLimit = 60; cellLimit <= 1_500; cellLimit += 60) {
      const random = seeded(cellLimit);
      // Values appear one after another, so that tables grow at different times and change their order.
      const log = Array.from({ length: 240 }, (_, i) => {
        const facts: Record<string, string> = {};
        for (let a = 0; a < 5; a += 1) {
          const levels = 1 + Math.floor(((i + 1) / 240) ** (a + 0.3) * 12);
          facts[`a${a}`] = `v${Math.floor(random() * levels)}`;
        }
        return add(i + 1, random() < 0.3 ? 'success' : 'failure', facts);
      });
      const small = foldLog(log, () => 240, startFold([], { cellLimit }));
      expect(readTotals(small.image).cells).toBeLessThanOrEqual(cellLimit);
      const told = small.effects.filter(({ kind }) => kind === 'evicted');
      expect(told.map(({ ordinal }) => ordinal)).toEqual(small.evicted.map(({ ordinal }) => ordinal));
      evicted += told.length;
      const expected = recount(small.space, log);
      for (const [key, counted] of cellsOf(small)) expect([key, counted]).toEqual([key, expected.get(key)]);
      for (const tuple of tuplesOf(usedSlots(small.image.layout.capacities))) {
        const codes = tuple.map(() => 1);
        const key = tuple.map((slot) => `${slot}=1`).join();
        expect(countOf(small.image, small.columns, tuple, codes).counts.n).toBe(expected.get(key)?.n ?? 0);
      }
    }
    expect(evicted).toBeGreaterThan(0);
  });

  it('answers by scanning what the cell limit leaves out, with the same figures', () => {
    const log = randomLog(21, { entries: 1_300, attributes: 9, categories: 40 });
    const full = foldLog(log, () => 200);
    const small = foldLog(log, () => 200, startFold([], { cellLimit: 2_000 }));
    expect(readTotals(small.image).cells).toBeLessThanOrEqual(2_000);
    expect(readTotals(small.image).tuplesOutside).toBeGreaterThan(0);
    const sources = new Set<string>();
    for (const tuple of tuplesOf(usedSlots(full.image.layout.capacities))) {
      const codes = tuple.map((_, i) => 1 + (i % 2));
      const wanted = countOf(full.image, full.columns, tuple, codes);
      const found = countOf(small.image, small.columns, tuple, codes);
      sources.add(found.source);
      if (wanted.source !== 'none') expect(found.counts).toEqual(wanted.counts);
      expect(scanColumns(full.columns, log.length, tuple, codes)).toEqual(
        wanted.source === 'none' ? NOTHING : wanted.counts,
      );
    }
    expect([...sources].sort()).toEqual(['cube', 'scan']);
    // Those that had to leave the tables are no longer tracked.
    for (const { slots } of trackedPatterns(small.image)) {
      expect(openImage(small.image).bases[tupleIndex(slots)]).toBeGreaterThanOrEqual(0);
    }
    const one = foldLog(log, () => 1, startFold([], { cellLimit: 2_000 }));
    expect(Buffer.compare(bytesOf(one.image), bytesOf(small.image))).toBe(0);
  });

  it('stops summing values where doubles stop being exact, and goes on counting', () => {
    const log = Array.from({ length: 1_000 }, (_, i) => add(i + 1, 'success', { a: 'x' }, 1e9));
    const exact = foldLog(log.slice(0, 900), () => 100);
    expect(readTotals(exact.image).values).toEqual({ count: 900, sum: 9e15 });
    const beyond = foldLog(log, () => 100);
    expect(readTotals(beyond.image).values).toBeNull();
    expect(trackedPatterns(beyond.image)).toMatchObject([{ n: 1_000, values: null }]);
  });

  it('starts empty', () => {
    expect(readTotals(createFoldImage())).toEqual({
      position: 0,
      n: 0,
      successes: 0,
      failures: 0,
      neutral: 0,
      values: null,
      tracked: 0,
      born: 0,
      leftOut: 0,
      cells: 0,
      tuplesOutside: 0,
    });
  });
});
