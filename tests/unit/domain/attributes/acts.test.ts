import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createAttributeSpace,
  type AttributeSpace,
} from '../../../../src/lib/domain/attributes/attribute-space.ts';
import { describeAttributes } from '../../../../src/lib/domain/attributes/describe-attributes.ts';
import type { EncodedAct } from '../../../../src/lib/domain/attributes/encoded-batch.ts';
import { encodeEntries } from '../../../../src/lib/domain/attributes/encode-entries.ts';
import type { SettingDecision, SettingEntry } from '../../../../src/lib/domain/attributes/setting-entry.ts';
import { clipFrom } from '../../../../src/lib/domain/attributes/value-clip.ts';
import type { AttributeValue, LogFacts } from '../../../../src/lib/domain/outcomes/log-facts.ts';
import { add, deepFreeze, retract, seeded } from '../fold-scripts.ts';

/** A setting of a person or the leader, and after which position it is placed. */
type Given = SettingDecision & { readonly at: number };

interface Told {
  readonly space: AttributeSpace;
  readonly acts: readonly EncodedAct[];
  readonly decided: readonly SettingDecision[];
  /** Every setting in stored order, the encoder's own included. */
  readonly stored: readonly SettingEntry[];
  readonly codes: readonly number[];
}

function encode(space: AttributeSpace, entries: readonly LogFacts[], settings: readonly SettingEntry[] = []) {
  const encoded = encodeEntries(deepFreeze(space), entries, settings);
  if (encoded.kind === 'refold') throw new Error(`refold because of ${encoded.because.kind}`);
  return encoded;
}

class Teller {
  space: AttributeSpace;
  readonly acts: EncodedAct[] = [];
  readonly decided: SettingDecision[] = [];
  readonly stored: SettingEntry[];
  readonly codes: number[] = [];

  constructor(
    private readonly log: readonly LogFacts[],
    known: readonly SettingEntry[],
  ) {
    // What is kept between batches is JSON, as in a snapshot.
    this.space = createAttributeSpace(known);
    this.stored = [...known];
  }

  batch(through: number, settings: readonly SettingEntry[] = []): void {
    const entries = this.log.slice(this.space.position, through);
    const { space, batch, decisions } = encode(this.space, entries, settings);
    this.space = JSON.parse(JSON.stringify(space)) as AttributeSpace;
    this.acts.push(...batch.acts);
    this.codes.push(...batch.codes);
    this.decided.push(...decisions);
    for (const decision of decisions) this.stored.push({ ...decision, ordinal: this.stored.length + 1 });
  }
}

/** As the leader: settings are placed between batches, at the last applied position. */
function live(log: readonly LogFacts[], given: readonly Given[] = [], size = () => 64): Told {
  const teller = new Teller(log, []);
  const places = [...new Set(given.map(({ at }) => at))].sort((a, b) => a - b);
  for (const place of [...places, log.length]) {
    while (teller.space.position < place) {
      teller.batch(Math.min(place, teller.space.position + Math.max(1, size())));
    }
    const due = given.filter(({ at }) => at === place);
    const placed = due.map(({ at, ...decision }, i): SettingEntry => ({
      ...decision,
      effectiveAfter: at,
      ordinal: teller.stored.length + i + 1,
    }));
    teller.stored.push(...placed);
    if (placed.length > 0) teller.batch(place, placed);
  }
  return teller;
}

/** From the beginning, with every stored setting known from the start. */
function refold(log: readonly LogFacts[], stored: readonly SettingEntry[], size = () => 64): Told {
  const teller = new Teller(log, stored);
  do teller.batch(Math.min(log.length, teller.space.position + Math.max(1, size())));
  while (teller.space.position < log.length);
  return teller;
}

/** As an instance that does not lead: what others set comes with the entries up to its position and beyond. */
function follow(log: readonly LogFacts[], stored: readonly SettingEntry[], size = () => 64): Told {
  const teller = new Teller(log, []);
  const byOthers = stored.filter(
    ({ kind, payload }) => kind !== 'attribute.bins' && !('switchShare' in payload) && !('values' in payload),
  );
  let seen = 0;
  do {
    const through = Math.min(log.length, teller.space.position + Math.max(1, size()));
    const due: SettingEntry[] = [];
    for (let next = byOthers[seen]; next !== undefined && next.effectiveAfter <= through; seen += 1) {
      due.push(next);
      next = byOthers[seen + 1];
    }
    teller.batch(through, due);
  } while (teller.space.position < log.length);
  return teller;
}

function log(
  count: number,
  facts: (i: number) => Record<string, AttributeValue>,
  value: (i: number) => number | null = () => null,
): LogFacts[] {
  return Array.from({ length: count }, (_, i) =>
    add(i + 1, i % 3 === 0 ? 'success' : 'failure', facts(i), value(i)),
  );
}

const kinds = (acts: readonly EncodedAct[]) => acts.map(({ kind, after }) => `${kind} ${after}`);
const mode = (attribute: string, how: 'concurrent' | 'period', at: number): Given => ({
  kind: 'attribute.mode',
  payload: { attribute, mode: how },
  at,
});
const pin = (conditions: Record<string, string>, at: number): Given => ({
  kind: 'pattern.pin',
  payload: {
    conditions: Object.entries(conditions).map(([attribute, value]) => ({ attribute, value })),
  },
  at,
});

describe('attributes bound to time', () => {
  const waves = (count: number) => {
    const random = seeded(3);
    return log(count, (i) => ({ wave: `w${Math.floor(i / 40)}`, sex: random() < 0.5 ? 'f' : 'm' }));
  };

  it('are found at their 200th value, and compared by period from there', () => {
    expect(live(waves(199)).acts).toEqual([]);
    const { acts, decided, space } = live(waves(450));
    expect(acts).toEqual([{ kind: 'mode', after: 200, slot: 1, period: true, declared: false }]);
    // Five waves of 40: 4 switches where 199 · .8 are expected.
    const switchShare = 4 / (199 * 0.8);
    expect(decided).toEqual([
      {
        kind: 'attribute.mode',
        effectiveAfter: 200,
        payload: {
          attribute: 'wave',
          mode: 'period',
          switchShare: expect.closeTo(switchShare, 12) as number,
        },
      },
    ]);
    const [sex, wave] = describeAttributes(space);
    expect(wave?.comparison).toEqual({
      mode: 'period',
      by: 'finding',
      switchShare: expect.closeTo(switchShare, 12) as number,
    });
    expect(sex?.comparison).toMatchObject({ mode: 'concurrent', by: 'default' });
    expect(sex?.comparison?.switchShare).toBeGreaterThan(0.8);
    expect(space.searched[0]?.switching.seen).toBe(450);
  });

  it('are looked at again when there are a quarter more values, not in between', () => {
    // 51 switches of 93 expected at 200, 53 of 288 at 392; below .2 it is from about 370 on.
    const months = log(900, (i) => ({ month: i < 50 ? `m${i % 2}` : `m${Math.floor(i / 100)}` }));
    expect(kinds(live(months.slice(0, 391)).acts)).toEqual([]);
    expect(kinds(live(months).acts)).toEqual(['mode 392']);
    // 83 of 291 at 400, 85 of 494 at 600: seen at 613.
    const later = log(900, (i) => ({ month: i < 80 ? `m${i % 2}` : `m${Math.floor(i / 100)}` }));
    expect(kinds(live(later).acts)).toEqual(['mode 613']);
  });

  it('are compared at the same time again once their values mix', () => {
    const once = log(800, (i) => ({ month: i < 200 ? `m${Math.floor(i / 50)}` : `m${i % 4}` }));
    const { acts, space } = live(once);
    expect(acts).toEqual([
      { kind: 'mode', after: 200, slot: 0, period: true, declared: false },
      { kind: 'mode', after: 250, slot: 0, period: false, declared: false },
    ]);
    expect(describeAttributes(space)[0]?.comparison).toMatchObject({ mode: 'concurrent', by: 'finding' });
  });

  it('count adds with a value only', () => {
    const facts = waves(300);
    const entries: LogFacts[] = [];
    facts.forEach((entry, i) => {
      if (i < 50) {
        // An add without a wave, and its retract: neither is a value of the wave.
        const bare = add(entries.length + 1, 'neutral', { sex: 'f' });
        entries.push(bare);
        entries.push(retract(entries.length + 1, bare));
      }
      entries.push({ ...entry, position: entries.length + 1 });
    });
    const taken = retract(entries.length + 1, entries[2] as LogFacts);
    entries.splice(60, 0, taken);
    const numbered = entries.map((entry, i) => ({ ...entry, position: i + 1 }));
    const told = live(numbered);
    expect(kinds(told.acts)).toEqual(['mode 301']);
    const wave = told.space.searched.find(({ key }) => key === 'wave');
    expect(wave?.switching).toMatchObject({ seen: 300, switches: 7 });
  });

  it('may be numbers: the values before the cut count, and the mode follows the cut', () => {
    const { acts, decided } = live(log(700, (i) => ({ day: i })));
    expect(kinds(acts)).toEqual(['cut 500', 'mode 500']);
    expect(decided.map(({ kind }) => kind)).toEqual(['attribute.bins', 'attribute.mode']);
    const early = live(
      log(400, (i) => ({ day: i })),
      [{ kind: 'attribute.cut', payload: { attribute: 'day' }, at: 250 }],
    );
    expect(kinds(early.acts)).toEqual(['cut 250', 'mode 250']);
    const later = live(
      log(400, (i) => ({ day: i })),
      [{ kind: 'attribute.bands', payload: { attribute: 'day', edges: [50, 100] }, at: 150 }],
    );
    expect(kinds(later.acts)).toEqual(['cut 150', 'mode 200']);
  });

  it('are not looked for where a person has declared a mode', () => {
    const before = live(waves(450), [mode('wave', 'concurrent', 100)]);
    expect(before.acts).toEqual([{ kind: 'mode', after: 100, slot: 1, period: false, declared: true }]);
    expect(before.decided).toEqual([]);
    expect(describeAttributes(before.space)[1]?.comparison).toMatchObject({
      mode: 'concurrent',
      by: 'person',
    });
    const after = live(waves(450), [mode('wave', 'concurrent', 300), mode('sex', 'period', 300)]);
    expect(after.acts).toEqual([
      { kind: 'mode', after: 200, slot: 1, period: true, declared: false },
      { kind: 'mode', after: 300, slot: 1, period: false, declared: true },
      { kind: 'mode', after: 300, slot: 0, period: true, declared: true },
    ]);
  });

  it('may be declared before anybody has them, and never when they are not searched', () => {
    const late = log(20, (i): Record<string, AttributeValue> => (i < 9 ? { a: 'x' } : { a: 'x', b: 'y' }));
    const told = live(late, [
      mode('b', 'concurrent', 3),
      mode('b', 'period', 4),
      mode('nobody', 'period', 4),
    ]);
    expect(told.acts).toEqual([{ kind: 'mode', after: 9, slot: 1, period: true, declared: true }]);
    expect(told.space.plan.awaitedModes).toEqual([{ attribute: 'nobody', mode: 'period' }]);
    const chosen: Given = { kind: 'attribute.choose', payload: { attributes: ['a'] }, at: 0 };
    expect(live(late, [chosen, mode('b', 'period', 15)]).acts).toEqual([]);
  });
});

describe('the clip of values', () => {
  it('is taken from the first 500 values of decided adds', () => {
    const entries = log(
      600,
      () => ({ a: 'x' }),
      (i) => i + 1,
    ).map((entry, i) => {
      if (i === 10) return { ...entry, result: 'neutral' as const, value: -7 };
      if (i === 20) return { ...retract(21, entry), value: 1e6 };
      return i === 30 ? { ...entry, value: null } : entry;
    });
    const { acts, decided, space } = live(entries);
    const seen = entries
      .filter(({ kind, result, value }) => kind === 'add' && result !== 'neutral' && value !== null)
      .slice(0, 500);
    expect(seen.at(-1)?.position).toBe(503);
    const ends = clipFrom(seen.map(({ value }) => value ?? NaN));
    expect(ends.low).toBe(0);
    expect(acts).toEqual([{ kind: 'clip', after: 503, low: 0, high: Math.round(ends.high * 10_000) }]);
    expect(decided).toEqual([
      { kind: 'values.clip', effectiveAfter: 503, payload: { ...ends, values: 500 } },
    ]);
    expect(space.clip).toEqual({ ...ends, declared: false });
    expect(space.valuesBeforeClip).toEqual([]);
    expect(live(entries.slice(0, 502)).space).toMatchObject({ clip: null });
    expect(live(entries.slice(0, 502)).space.valuesBeforeClip).toHaveLength(499);
  });

  it('reaches from 0 or the smallest to the type-7 quantile at .99, and always has an inside', () => {
    expect(clipFrom(Array.from({ length: 500 }, (_, i) => 500 - i))).toEqual({
      low: 0,
      high: expect.closeTo(495.01, 9) as number,
    });
    expect(clipFrom([-3, 5, 5])).toMatchObject({ low: -3 });
    expect(clipFrom([0, 0, 0])).toEqual({ low: 0, high: 1 });
    expect(clipFrom([-2, -2])).toEqual({ low: -2, high: -1 });
    // Less than the fixed point shows is nothing.
    expect(clipFrom([0.000_01, 0.000_01])).toEqual({ low: 0, high: 1 });
  });

  it('is the declared one, before the finding and after it', () => {
    const entries = log(
      700,
      () => ({ a: 'x' }),
      (i) => i % 50,
    );
    const declared = (at: number): Given => ({ kind: 'values.clip', payload: { low: -1.5, high: 6 }, at });
    const before = live(entries, [declared(400)]);
    expect(before.acts).toEqual([{ kind: 'clip', after: 400, low: -15_000, high: 60_000 }]);
    expect(before.decided).toEqual([]);
    expect(before.space.clip).toEqual({ low: -1.5, high: 6, declared: true });
    expect(before.space.valuesBeforeClip).toEqual([]);
    const after = live(entries, [declared(600)]);
    expect(kinds(after.acts)).toEqual(['clip 500', 'clip 600']);
    expect(after.space.clip).toMatchObject({ declared: true });
    for (const [low, high] of [
      [1, 1],
      [2, 1],
      [0, 0.000_01],
      [0, 2e9],
    ] as const) {
      const bad: Given = { kind: 'values.clip', payload: { low, high }, at: 1 };
      expect(() => live(entries, [bad])).toThrow(RangeError);
    }
  });
});

describe('what people choose and the leader swaps', () => {
  const entries = log(60, (i) => ({ sex: i % 2 ? 'f' : 'm', vip: i % 3 === 0, age: 20 + i }));
  const bands: Given = { kind: 'attribute.bands', payload: { attribute: 'age', edges: [40] }, at: 30 };

  it('becomes an act where it stands, slots ascending', () => {
    const conditions = [
      { attribute: 'vip', value: 'true' },
      { attribute: 'age', value: '≥ 40' },
    ];
    const all = (['pattern.pin', 'pattern.unpin', 'pattern.retire', 'pattern.resume'] as const).map(
      (kind): Given => ({ kind, payload: { conditions }, at: 40 }),
    );
    const told = live(entries, [bands, ...all, { kind: 'evidence.swap', payload: { through: 38 }, at: 40 }]);
    expect(told.acts.slice(1)).toEqual([
      { kind: 'pin', after: 40, slots: [0, 2], codes: [2, 2] },
      { kind: 'unpin', after: 40, slots: [0, 2], codes: [2, 2] },
      { kind: 'retire', after: 40, slots: [0, 2], codes: [2, 2] },
      { kind: 'resume', after: 40, slots: [0, 2], codes: [2, 2] },
      { kind: 'swap', after: 40, through: 38, recount: null },
    ]);
  });

  it('is dropped where a condition is no item there', () => {
    const dropped: Given[] = [
      pin({ age: '45' }, 20),
      pin({ sex: 'x' }, 20),
      pin({ nobody: 'x' }, 20),
      pin({ sex: 'f', vip: 'perhaps' }, 20),
      pin({}, 20),
      {
        kind: 'pattern.pin',
        payload: {
          conditions: [
            { attribute: 'sex', value: 'f' },
            { attribute: 'sex', value: 'm' },
          ],
        },
        at: 20,
      },
    ];
    expect(live(entries, dropped).acts).toEqual([]);
    expect(live(entries, [bands, pin({ age: '≥ 40' }, 30)]).acts.slice(1)).toEqual([
      { kind: 'pin', after: 30, slots: [0], codes: [2] },
    ]);
    // A fourth condition is more than a pattern has.
    const four = log(9, () => ({ a: 'x', b: 'x', c: 'x', d: 'x' }));
    expect(live(four, [pin({ a: 'x', b: 'x', c: 'x', d: 'x' }, 5)]).acts).toEqual([]);
  });

  it.each([
    ['a bin is another one', '5', [4, 8], undefined],
    ['a band is called by another number', '5', [4, 8], ['3', '2', '5 or so']],
    ['a label differs in blanks alone', 'A 1', [4, 8], ['A1', 'B', 'C']],
  ])('lapses when the bands change and %s', (_, value, edges, labels) => {
    const scores = log(60, (i) => ({ score: i % 10 }));
    const before: SettingDecision =
      value === '5'
        ? { kind: 'attribute.bands', payload: { attribute: 'score', edges: [5, 6] } }
        : {
            kind: 'attribute.bands',
            payload: { attribute: 'score', edges: [4, 8], labels: [value, 'B', 'C'] },
          };
    const retire: SettingDecision = {
      kind: 'pattern.retire',
      payload: { conditions: [{ attribute: 'score', value }] },
    };
    const told = live(scores, [
      { ...before, at: 30 },
      { ...retire, at: 40 },
    ]);
    expect(kinds(told.acts)).toEqual(['cut 30', 'retire 40']);
    const payload = { attribute: 'score', edges, ...(labels === undefined ? {} : { labels }) };
    const after: SettingEntry = { kind: 'attribute.bands', payload, effectiveAfter: 60, ordinal: 99 };
    expect(kinds(refold(scores, [...told.stored, after]).acts)).toEqual(['cut 30']);
    // They hold again with the bands that they were about.
    const back: SettingEntry = { ...before, effectiveAfter: 60, ordinal: 100 };
    expect(refold(scores, [...told.stored, after, back]).acts).toEqual(told.acts);
  });

  it('acts at the start of the next batch, though it is empty, and never asks for a refold', () => {
    const space = encode(createAttributeSpace(), entries).space;
    const settings = [
      pin({ sex: 'f' }, 60),
      mode('sex', 'period', 60),
      { kind: 'values.clip', payload: { low: 0, high: 1 }, at: 60 } as const,
      { kind: 'evidence.swap', payload: { through: 2 }, at: 60 } as const,
    ].map(({ at, ...decision }, i): SettingEntry => ({ ...decision, effectiveAfter: at, ordinal: i + 1 }));
    const { batch, space: after } = encode(space, [], settings);
    expect(batch.count).toBe(0);
    expect(kinds(batch.acts)).toEqual(['pin 60', 'mode 60', 'clip 60', 'swap 60']);
    expect(encode(after, []).batch.acts).toEqual([]);
    const late = settings.map((entry): SettingEntry => ({ ...entry, effectiveAfter: 10 }));
    expect(encodeEntries(space, [], late)).toMatchObject({ kind: 'encoded' });
  });

  it('comes after what the encoder finds at that position, whichever was stored first', () => {
    const both = log(
      520,
      (i) => ({ age: i, sex: 'f' }),
      (i) => i,
    );
    const told = live(both, [pin({ age: '< 100' }, 500), pin({ sex: 'f' }, 500)]);
    const order = ['cut 500', 'mode 500', 'clip 500', 'pin 500', 'pin 500'];
    expect(kinds(told.acts)).toEqual(order);
    const shuffled = told.stored.map((entry): SettingEntry => ({
      ...entry,
      ordinal: entry.kind === 'pattern.pin' ? entry.ordinal : entry.ordinal + 1_000,
    }));
    expect(refold(both, shuffled).acts).toEqual(told.acts);
  });
});

describe('acts', () => {
  const decision = fc.oneof(
    fc.record({
      kind: fc.constant('attribute.mode' as const),
      payload: fc.record({
        attribute: fc.constantFrom('wave', 'age', 'day', 'late', 'nobody'),
        mode: fc.constantFrom('concurrent' as const, 'period' as const),
      }),
    }),
    fc.record({
      kind: fc.constantFrom(
        'pattern.pin' as const,
        'pattern.unpin' as const,
        'pattern.retire' as const,
        'pattern.resume' as const,
      ),
      payload: fc.record({
        conditions: fc.array(
          fc.constantFrom(
            { attribute: 'wave', value: 'w1' },
            // The first bins, wherever chance lays their edge.
            ...['< 11', '< 12', '< 13'].map((value) => ({ attribute: 'age', value })),
            ...['< 4', '< 5'].map((value) => ({ attribute: 'day', value })),
            { attribute: 'late', value: 'true' },
          ),
          { maxLength: 3 },
        ),
      }),
    }),
    fc.record({
      kind: fc.constant('evidence.swap' as const),
      payload: fc.record({ through: fc.nat(1_000), recount: fc.boolean() }),
    }),
    fc.record({
      kind: fc.constant('values.clip' as const),
      payload: fc.record({ low: fc.integer({ min: -5, max: 0 }), high: fc.integer({ min: 1, max: 9 }) }),
    }),
    fc.record({
      kind: fc.constant('attribute.cut' as const),
      payload: fc.record({ attribute: fc.constantFrom('age', 'day') }),
    }),
  );
  const script = fc.record({
    seed: fc.nat(),
    given: fc.array(fc.tuple(decision, fc.nat(1_000)), { maxLength: 12 }),
    retractShare: fc.constantFrom(0, 0.15),
  });

  function randomEntries(seed: number, retractShare: number): LogFacts[] {
    const random = seeded(seed);
    const entries: LogFacts[] = [];
    for (let position = 1; position <= 1_000; position += 1) {
      const back = entries[Math.floor(random() * entries.length)];
      if (back?.kind === 'add' && random() < retractShare) {
        entries.push(retract(position, back));
        continue;
      }
      const facts: Record<string, AttributeValue> = {};
      if (random() < 0.9) facts['wave'] = `w${Math.floor(position / 70)}`;
      if (random() < 0.8) facts['age'] = Math.floor(random() * 60);
      if (random() < 0.7) facts['day'] = Math.floor(position / 30);
      if (position > 300 && random() < 0.9) facts['late'] = position % 600 < 300;
      const result = random() < 0.1 ? 'neutral' : random() < 0.3 ? 'success' : 'failure';
      entries.push(add(position, result, facts, random() < 0.8 ? Math.floor(random() * 100) / 4 : null));
    }
    return entries;
  }

  it('are equal however the log is cut into batches, in a refold and on an instance that follows', () => {
    let acted = 0;
    fc.assert(
      fc.property(script, ({ seed, given, retractShare }) => {
        const entries = randomEntries(seed, retractShare);
        const settings = given.map(([one, at]): Given => ({ ...one, at }));
        const random = seeded(seed + 1);
        const sizes = () => Math.floor(random() * 150);
        const told = live(entries, settings, sizes);
        acted += told.acts.length;
        for (let i = 1; i < told.acts.length; i += 1) {
          expect(told.acts[i]?.after).toBeGreaterThanOrEqual(told.acts[i - 1]?.after ?? 0);
        }
        const others: Told[] = [
          live(entries, settings, () => 1_000),
          refold(entries, told.stored, sizes),
          refold(entries, told.stored, () => 1_000),
          follow(entries, told.stored, sizes),
        ];
        for (const other of others) {
          expect(other.acts).toEqual(told.acts);
          expect(other.codes).toEqual(told.codes);
          expect(other.space).toEqual(told.space);
        }
        // Found again, but not decided twice.
        expect(others[1]?.decided).toEqual([]);
        expect(others[0]?.stored).toEqual(told.stored);
      }),
      { numRuns: 40 },
    );
    expect(acted).toBeGreaterThan(200);
  });

  it('of entries taken one by one are those of one batch', () => {
    const entries = randomEntries(7, 0.1);
    const given = [mode('late', 'period', 50), pin({ age: '< 12' }, 900)];
    expect(live(entries, given, () => 1)).toMatchObject({ acts: live(entries, given, () => 1_000).acts });
  });
});
