import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SettingDecision, SettingEntry } from '../../../../src/lib/domain/attributes/setting-entry.ts';
import { pairSubject } from '../../../../src/lib/domain/patterns/evidence-subject.ts';
import { FLAG } from '../../../../src/lib/domain/patterns/flags.ts';
import { HEADER, openImage } from '../../../../src/lib/domain/patterns/fold-image.ts';
import { sectionRanges } from '../../../../src/lib/domain/patterns/image-layout.ts';
import {
  bytesOf,
  columnBytes,
  type Fold,
  foldScript,
  randomLog,
  type Script,
  seeded,
  startFold,
  turned,
} from '../fold-scripts.ts';

/** Names of the sections in which two images differ, instead of a number of bytes. */
function differences(a: Fold, b: Fold): string[] {
  expect(a.image.layout).toEqual(b.image.layout);
  const [one, other] = [bytesOf(a.image), bytesOf(b.image)];
  return sectionRanges(a.image.layout)
    .filter(({ start, bytes }) =>
      Buffer.compare(one.slice(start, start + bytes), other.slice(start, start + bytes)),
    )
    .map(({ name }) => name);
}

/** Nobody leaves without a word. */
function expectEvictionsTold({ effects, evicted }: Fold): void {
  const told = effects.filter(({ kind }) => kind === 'evicted');
  expect(told.map(({ ordinal, position }) => [ordinal, position])).toEqual(
    evicted.map(({ ordinal, position }) => [ordinal, position]),
  );
}

interface Shape {
  readonly seed: number;
  readonly entries: number;
  readonly retractShare: number;
  readonly valueShare: number;
  readonly attributes: number;
}

/** A random log with everything that can be set: modes, pins, retirements, clips, a cut, and swaps. */
function randomScript({ seed, entries, ...options }: Shape): Script {
  const log = randomLog(seed, { entries, ...options, effects: true });
  const random = seeded(seed ^ 0x5eed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const settings: SettingEntry[] = [];
  const put = (effectiveAfter: number, decision: SettingDecision) => {
    settings.push({ ...decision, effectiveAfter, ordinal: settings.length + 1_000 });
  };
  const keys = ['kind', 'category3', 'flag2', 'number1'];
  const conditions = () => {
    const from = log[Math.floor(random() * log.length)]?.attributes ?? {};
    const some = Object.entries(from)
      .filter(([, value]) => typeof value !== 'number' && value !== '')
      .sort(() => random() - 0.5)
      .slice(0, 1 + Math.floor(random() * 2));
    return some.map(([attribute, value]) => ({ attribute, value: String(value) }));
  };
  for (let i = 0; i < 24; i += 1) {
    const after = Math.floor(random() * entries);
    const roll = random();
    if (roll < 0.15) {
      put(after, {
        kind: 'attribute.mode',
        payload: { attribute: pick(keys), mode: pick(['period', 'concurrent'] as const) },
      });
    } else if (roll < 0.65) {
      const kind = pick([
        'pattern.pin',
        'pattern.pin',
        'pattern.unpin',
        'pattern.retire',
        'pattern.resume',
      ] as const);
      const chosen = conditions();
      if (chosen.length === 0) continue;
      put(after, { kind, payload: { conditions: chosen } });
      if (kind === 'pattern.pin' && random() < 0.5) {
        const later = Math.floor(after + random() * (entries - after));
        put(later, { kind: 'pattern.unpin', payload: { conditions: chosen } });
      }
    } else if (roll < 0.75) {
      put(after, { kind: 'values.clip', payload: { low: -10 * random(), high: 5 + 60 * random() } });
    } else {
      const through = Math.floor(random() * after);
      put(after, { kind: 'evidence.swap', payload: { through } });
    }
  }
  if (random() < 0.5)
    put(Math.floor(random() * 400), { kind: 'attribute.cut', payload: { attribute: 'number1' } });
  settings.sort((a, b) => a.effectiveAfter - b.effectiveAfter || a.ordinal - b.ordinal);
  return { log, settings };
}

const shapes = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  entries: fc.integer({ min: 300, max: 1_500 }),
  retractShare: fc.constantFrom(0, 0.01, 0.1, 0.4),
  valueShare: fc.constantFrom(0, 0.4, 1),
  attributes: fc.constantFrom(4, 6),
});
const CAP = { trackedCap: 120 };

describe('the fold of random scripts', { timeout: 240_000 }, () => {
  it('gives the same bytes and effects however the log is cut', () => {
    fc.assert(
      fc.property(shapes, fc.integer(), (shape, sizes) => {
        const script = randomScript(shape);
        const random = seeded(sizes);
        const whole = foldScript(script, () => script.log.length, startFold([], CAP));
        const pieces = foldScript(script, () => Math.ceil(random() ** 3 * 200), startFold([], CAP));
        expect(differences(pieces, whole)).toEqual([]);
        expect(pieces.effects).toEqual(whole.effects);
        expect(pieces.born).toEqual(whole.born);
        expect(pieces.evicted).toEqual(whole.evicted);
        expectEvictionsTold(whole);
        expect(pieces.space).toEqual(whole.space);
        expect(columnBytes(pieces.columns, script.log.length)).toEqual(
          columnBytes(whole.columns, script.log.length),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('is the same live and refolded with all settings known from the start', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const script = randomScript(shape);
        const live = foldScript(script, () => 83, startFold([], CAP));
        const known = { log: script.log, settings: [] };
        const refold = foldScript(known, () => 500, startFold(live.settings, CAP));
        expect(differences(refold, live)).toEqual([]);
        expect(refold.effects).toEqual(live.effects);
      }),
      { numRuns: 25 },
    );
  });

  it('holds across change alarms, where pairs and joint comparisons begin anew', () => {
    const seen = { epochs: 0, pairs: 0, joints: 0 };
    for (const seed of [2]) {
      const options = { retractShare: 0.01, valueShare: 0.4, attributes: 4 };
      const { log, settings } = randomScript({ seed, entries: 3_000, ...options });
      const script = { log: turned(log, 1_500), settings };
      const random = seeded(seed);
      const whole = foldScript(script, () => 3_000, startFold([], CAP));
      const pieces = foldScript(script, () => 1 + Math.floor(random() * 400), startFold([], CAP));
      const refold = foldScript({ log: script.log, settings: [] }, () => 700, startFold(whole.settings, CAP));
      for (const one of [pieces, refold]) {
        expect(differences(one, whole)).toEqual([]);
        expect(one.effects).toEqual(whole.effects);
      }
      const view = openImage(whole.image);
      seen.epochs += view.header[HEADER.epochs] ?? 0;
      view.pairKind.forEach((kind, pair) => {
        if (kind > 0 && pairSubject(view, pair).after > 1_500) seen.pairs += 1;
      });
      for (const one of view.jointPattern)
        if (one > 0 && (view.epochAt[one - 1] ?? 0) > 1_500) seen.joints += 1;
    }
    for (const [what, count] of Object.entries(seen)) expect([what, count > 0]).toEqual([what, true]);
  });

  it('holds across evictions: a tiny cap, comparisons at 4,096 and 8,192', () => {
    const seen = {
      evicted: 0,
      frozen: 0,
      pinned: 0,
      moved: 0,
      recounted: 0,
      confirmed: 0,
      pairs: 0,
      joints: 0,
    };
    for (const seed of [3, 4, 5, 6]) {
      const script = randomScript({
        seed,
        entries: 8_400,
        retractShare: 0.002,
        valueShare: 0.3,
        attributes: 5,
      });
      const cap = { trackedCap: 30 };
      const random = seeded(seed);
      const whole = foldScript(script, () => 5_000, startFold([], cap));
      const pieces = foldScript(script, () => 1 + Math.floor(random() * 300), startFold([], cap));
      expect(differences(pieces, whole)).toEqual([]);
      expect(pieces.effects).toEqual(whole.effects);
      expectEvictionsTold(whole);
      const view = openImage(whole.image);
      seen.evicted += whole.evicted.length;
      seen.frozen += view.frozenAt.reduce((sum, at) => sum + (at > 0 ? 1 : 0), 0);
      seen.confirmed += view.header[HEADER.rejections] ?? 0;
      seen.pairs += view.pairKind.reduce((sum, kind) => sum + (kind > 0 ? 1 : 0), 0);
      seen.joints += view.jointThrough.reduce((sum, through) => sum + (through > 0 ? 1 : 0), 0);
      seen.pinned += view.flags.reduce((sum, flags) => sum + (flags & FLAG.pinned), 0);
      const supported = new Set(
        whole.effects.flatMap(({ kind, ordinal }) => (kind === 'supported' ? [ordinal] : [])),
      );
      seen.moved += whole.effects.filter(
        ({ kind, ordinal, index }) => kind === 'unpinned' && supported.has(ordinal) && index < cap.trackedCap,
      ).length;
      seen.recounted += whole.effects.filter(({ kind }) => kind === 'recounted').length;
    }
    // The scripts really do what this is about.
    for (const [what, count] of Object.entries(seen)) expect([what, count > 0]).toEqual([what, true]);
  });
});
