import { describe, expect, it } from 'vitest';
import {
  createAttributeSpace,
  type AttributeSpace,
} from '../../../../src/lib/domain/attributes/attribute-space.ts';
import { describeAttributes } from '../../../../src/lib/domain/attributes/describe-attributes.ts';
import { encodeEntries } from '../../../../src/lib/domain/attributes/encode-entries.ts';
import { resolveCondition } from '../../../../src/lib/domain/attributes/resolve-condition.ts';
import type { SettingEntry } from '../../../../src/lib/domain/attributes/setting-entry.ts';
import type { AttributeValue, LogFacts } from '../../../../src/lib/domain/outcomes/log-facts.ts';
import { lookup } from '../../../../src/lib/domain/patterns/lookup.ts';
import { trackedPatterns } from '../../../../src/lib/domain/patterns/tracked-patterns.ts';
import { add, bytesOf, foldLog, randomLog, retract, seeded, startFold, step } from '../fold-scripts.ts';

function encode(space: AttributeSpace, entries: readonly LogFacts[], settings: readonly SettingEntry[] = []) {
  const encoded = encodeEntries(space, entries, settings);
  if (encoded.kind === 'refold') throw new Error(`refold because of ${encoded.because.kind}`);
  return encoded;
}

function adds(facts: readonly Record<string, AttributeValue>[], from = 1): LogFacts[] {
  return facts.map((attributes, i) => add(from + i, 'success', attributes));
}

function ages(count: number, from = 1): LogFacts[] {
  const random = seeded(count);
  return adds(
    Array.from({ length: count }, () => ({
      age: 18 + Math.floor(random() * 60),
      sex: random() < 0.5 ? 'f' : 'm',
    })),
    from,
  );
}

describe('encodeEntries', () => {
  it('gives slots in log order, then by name, to the first sixteen attributes', () => {
    const many = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`a${String(i).padStart(2, '0')}`, 'x']),
    );
    const { space, batch } = encode(createAttributeSpace(), adds([{ zebra: 'x', ant: 'y' }, many]));
    const keys = space.searched.map(({ key }) => key);
    expect(keys).toEqual([
      'ant',
      'zebra',
      ...Array.from({ length: 14 }, (_, i) => `a${String(i).padStart(2, '0')}`),
    ]);
    expect(space.stored.map(({ key }) => key)).toEqual(['a14', 'a15', 'a16', 'a17', 'a18', 'a19']);
    expect([...batch.codes.slice(0, 16)]).toEqual([1, 1, ...new Array<number>(14).fill(0)]);
    expect([...batch.codes.slice(16)]).toEqual([0, 0, ...new Array<number>(14).fill(1)]);
    expect(resolveCondition(space, 'a17', 'x')).toEqual({ kind: 'not-searched' });
    expect(resolveCondition(space, 'nobody', 'x')).toEqual({ kind: 'unknown-attribute' });
  });

  it('keeps 64 categories in first-seen order and calls the rest other', () => {
    const facts = Array.from({ length: 70 }, (_, i) => ({ city: `c${i % 67}` }));
    const { space, batch } = encode(createAttributeSpace(), adds(facts));
    expect(facts.map((_, i) => batch.codes[i * 16])).toEqual(facts.map((_, i) => Math.min(65, (i % 67) + 1)));
    expect(resolveCondition(space, 'city', 'c63')).toEqual({ kind: 'item', slot: 0, code: 64 });
    expect(resolveCondition(space, 'city', 'c64')).toEqual({ kind: 'in-other', slot: 0 });
  });

  it('never coerces: a string stays a category, another type and "" are missing', () => {
    const { space, batch } = encode(
      createAttributeSpace(),
      adds([{ age: '33', vip: true }, { age: 33, vip: 'true' }, { age: '', vip: false }, { age: '34' }]),
    );
    expect(space.searched).toMatchObject([
      { key: 'age', type: 'string', values: ['33', '34'] },
      { key: 'vip', type: 'boolean' },
    ]);
    const codes = [0, 1, 2, 3].map((row) => [...batch.codes.slice(row * 16, row * 16 + 2)]);
    expect(codes).toEqual([
      [1, 2],
      [0, 0],
      [0, 1],
      [2, 0],
    ]);
    expect(encode(createAttributeSpace(), adds([{ note: '' }])).space.searched).toEqual([]);
  });

  it('refuses positions with a gap, and leaves the given space alone', () => {
    const space = createAttributeSpace();
    const before = JSON.stringify(space);
    expect(() => encodeEntries(space, adds([{ a: 'x' }], 2), [])).toThrow(RangeError);
    encode(space, adds([{ a: 'x' }]));
    expect(JSON.stringify(space)).toBe(before);
  });

  it('waits for 500 adds with a number, then cuts quintiles and codes the earlier entries', () => {
    const log = [...ages(499)];
    log.push(retract(500, log[3] as LogFacts));
    log.push(...ages(3, 501));
    const { space, batch, decisions } = encode(createAttributeSpace(), log);
    expect(decisions).toHaveLength(1);
    expect(decisions[0]).toMatchObject({
      kind: 'attribute.bins',
      effectiveAfter: 501,
      payload: { attribute: 'age', whole: true, values: 500 },
    });
    const cut = batch.acts.find((act) => act.kind === 'cut');
    expect(cut).toMatchObject({ after: 501, slot: 0 });
    expect(cut?.positions).toHaveLength(501);
    // The retract is coded like the add it takes back.
    expect(cut?.codes[499]).toBe(cut?.codes[3]);
    expect(batch.codes[500 * 16]).toBe(0);
    expect(batch.codes[501 * 16]).toBeGreaterThan(0);
    const [age] = describeAttributes(space);
    expect(age).toMatchObject({ key: 'age', state: 'searched', collected: null });
    expect(age?.values).toHaveLength(5);
  });

  it('says how far a number is, and how to read its bins', () => {
    const started = encode(createAttributeSpace(), ages(120)).space;
    expect(resolveCondition(started, 'age', '33')).toEqual({ kind: 'collecting', seen: 120, needed: 500 });
    expect(describeAttributes(started)[0]).toMatchObject({
      state: 'collecting',
      collected: { seen: 120, needed: 500 },
    });
    const bands: SettingEntry = {
      kind: 'attribute.bands',
      payload: { attribute: 'age', edges: [33, 40, 41, 48] },
      effectiveAfter: 120,
      ordinal: 1,
    };
    const { space } = encode(started, [], [bands]);
    expect(describeAttributes(space)[0]?.values).toEqual(['< 33', '33–39', '40', '41–47', '≥ 48']);
    const code = (value: string) => resolveCondition(space, 'age', value);
    expect([code('32.9'), code('33'), code('33–39'), code('33-39'), code('≥ 48'), code('200')]).toMatchObject(
      [1, 2, 2, 2, 5, 5].map((expected) => ({ kind: 'item', code: expected })),
    );
    expect(code('old')).toEqual({ kind: 'absent-value', slot: 0 });
  });

  it('finds a bin by its label to the letter, or by the value of an outcome, where that is what it is given', () => {
    const bands: SettingEntry = {
      kind: 'attribute.bands',
      payload: { attribute: 'age', edges: [4, 8], labels: ['3', '2', '1 – best'] },
      effectiveAfter: 120,
      ordinal: 1,
    };
    const { space } = encode(encode(createAttributeSpace(), ages(120)).space, [], [bands]);
    const codes = (wording: 'asked' | 'label' | 'value') =>
      ['3', '2', '1', '9', '1 – best', '1-best'].map((text) => {
        const found = resolveCondition(space, 'age', text, wording);
        return found.kind === 'item' ? found.code : found.kind;
      });
    const [gone, absent] = ['no-such-bin', 'absent-value'];
    expect(codes('asked')).toEqual([1, 2, 1, 3, 3, 3]);
    expect(codes('label')).toEqual([1, 2, gone, gone, 3, gone]);
    expect(codes('value')).toEqual([1, 1, 1, 3, absent, absent]);
  });

  it('does not cut a number that has no value yet, nor one that is cut', () => {
    const cut = (effectiveAfter: number): SettingEntry => ({
      kind: 'attribute.cut',
      payload: { attribute: 'age' },
      effectiveAfter,
      ordinal: 1,
    });
    const empty = encode(createAttributeSpace(), adds([{ sex: 'f' }]), [cut(0)]);
    expect(empty.batch.acts).toEqual([]);
    const some = encode(empty.space, ages(50, 2), []);
    expect(some.batch.acts).toEqual([]);
    const now = encode(some.space, [], [cut(51)]);
    expect(now.batch.acts).toHaveLength(1);
    expect(now.decisions).toMatchObject([
      { kind: 'attribute.bins', effectiveAfter: 51, payload: { values: 50 } },
    ]);
    expect(encode(now.space, ages(2, 52), [cut(51)]).batch.acts).toEqual([]);
  });
});

describe('setting entries in a live run and in a refold', () => {
  /** Folds live with settings that come at their position, then refolds with all that was stored. */
  function liveAndRefold(log: readonly LogFacts[], given: readonly SettingEntry[], size: number) {
    let live = startFold();
    while (
      live.space.position < log.length ||
      given.some(({ effectiveAfter }) => effectiveAfter > live.space.position)
    ) {
      const { position } = live.space;
      const next = Math.min(
        position + size,
        ...given.map(({ effectiveAfter }) => effectiveAfter).filter((at) => at > position),
      );
      live = step(
        live,
        log.slice(position, next),
        given.filter(({ effectiveAfter }) => effectiveAfter === position),
      );
    }
    live = step(
      live,
      [],
      given.filter(({ effectiveAfter }) => effectiveAfter === live.space.position),
    );
    return { live, refold: foldLog(log, () => size + 13, startFold(live.settings)) };
  }

  it.each([
    [
      'bands before the first value',
      { kind: 'attribute.bands', payload: { attribute: 'number1', edges: [10, 20] } },
      0,
    ],
    [
      'bands while collecting',
      {
        kind: 'attribute.bands',
        payload: { attribute: 'number1', edges: [10, 20], labels: ['a', 'b', 'c'] },
      },
      150,
    ],
    ['cut now', { kind: 'attribute.cut', payload: { attribute: 'number1' } }, 150],
    [
      'cut now, of an attribute that nobody has',
      { kind: 'attribute.cut', payload: { attribute: 'nobody' } },
      150,
    ],
    ['cut now, before its first value', { kind: 'attribute.cut', payload: { attribute: 'number4' } }, 20],
    [
      'bands for an attribute that comes later',
      { kind: 'attribute.bands', payload: { attribute: 'number4', edges: [30] } },
      20,
    ],
    ['cut now at the very end', { kind: 'attribute.cut', payload: { attribute: 'number1' } }, 450],
    ['chosen attributes', { kind: 'attribute.choose', payload: { attributes: ['kind', 'number4'] } }, 0],
  ] as const)('are equal bit for bit: %s', (_name, decision, effectiveAfter) => {
    for (const entries of [450, 1_100]) {
      const log = randomLog(entries, { entries });
      const { live, refold } = liveAndRefold(
        log,
        [{ ...decision, effectiveAfter, ordinal: 1 } as SettingEntry],
        64,
      );
      expect(refold.space).toEqual(live.space);
      expect(refold.settings).toEqual(live.settings);
      expect(refold.born).toEqual(live.born);
      expect(Buffer.compare(bytesOf(refold.image), bytesOf(live.image))).toBe(0);
    }
  });

  it('ask for a refold when they change the past, and then hold from the start', () => {
    const log = randomLog(5, { entries: 1_000, attributes: 5, retractShare: 0 });
    const live = foldLog(log, () => 100);
    const settings: SettingEntry[] = [
      {
        kind: 'attribute.bands',
        payload: { attribute: 'number1', edges: [7] },
        effectiveAfter: 1_000,
        ordinal: 99,
      },
      {
        kind: 'attribute.choose',
        payload: { attributes: ['kind', 'number1'] },
        effectiveAfter: 1_000,
        ordinal: 100,
      },
    ];
    for (const setting of settings) {
      expect(encodeEntries(live.space, [], [setting])).toEqual({ kind: 'refold', because: setting });
    }
    const refold = foldLog(log, () => 100, startFold([...live.settings, ...settings]));
    expect(refold.space.searched.map(({ key }) => key)).toEqual(['kind', 'number1']);
    const found = lookup(refold, [{ attribute: 'number1', value: '3' }]);
    const expected = log.filter(
      ({ attributes, result }) => Number(attributes['number1'] ?? NaN) < 7 && result !== 'neutral',
    );
    expect(found).toMatchObject({ kind: 'found', evaluation: { n: expected.length } });
    expect(lookup(refold, [{ attribute: 'flag2', value: 'true' }])).toEqual({
      kind: 'not-searched',
      attribute: 'flag2',
    });
    // The refolded space takes the same settings again without another refold.
    expect(encodeEntries(refold.space, [], settings).kind).toBe('encoded');
  });

  it('reach back to the very entry after which they hold', () => {
    const log = [...adds([{ sex: 'f' }, { sex: 'm' }]), ...ages(60, 3)];
    const bands = (effectiveAfter: number): SettingEntry => ({
      kind: 'attribute.bands',
      payload: { attribute: 'age', edges: [40] },
      effectiveAfter,
      ordinal: 1,
    });
    for (const at of [2, 3, 4]) {
      const { live, refold } = liveAndRefold(log, [bands(at)], 64);
      expect(refold.space).toEqual(live.space);
      expect(refold.born).toEqual(live.born);
    }
  });

  it('let the last edges win, from where the attribute was first cut', () => {
    const log = ages(400);
    const cut: SettingEntry = {
      kind: 'attribute.cut',
      payload: { attribute: 'age' },
      effectiveAfter: 150,
      ordinal: 1,
    };
    const { live } = liveAndRefold(log, [cut], 64);
    const bands: SettingEntry = {
      kind: 'attribute.bands',
      payload: { attribute: 'age', edges: [40] },
      effectiveAfter: 400,
      ordinal: 9,
    };
    expect(encodeEntries(live.space, [], [bands]).kind).toBe('refold');
    const refold = foldLog(log, () => 50, startFold([...live.settings, bands]));
    expect(refold.space.searched[0]).toMatchObject({ key: 'age', bins: { edges: [40], cutAt: 150 } });
  });

  it('are refused a place before what has been encoded', () => {
    const space = encode(createAttributeSpace(), ages(50)).space;
    const late: SettingEntry = {
      kind: 'attribute.cut',
      payload: { attribute: 'age' },
      effectiveAfter: 20,
      ordinal: 1,
    };
    expect(encodeEntries(space, [], [late])).toEqual({ kind: 'refold', because: late });
  });

  it('make patterns of the earlier entries at once', () => {
    const live = foldLog(ages(300), () => 100);
    expect(trackedPatterns(live.image).some(({ slots }) => slots.includes(0))).toBe(false);
    const after = step(
      live,
      [],
      [
        {
          kind: 'attribute.bands',
          payload: { attribute: 'age', edges: [40] },
          effectiveAfter: 300,
          ordinal: 1,
        },
      ],
    );
    const born = after.born.filter(({ position, slots }) => position === 300 && slots.includes(0));
    expect(born.map(({ slots, codes }) => [slots, codes])).toEqual([
      [[0], [1]],
      [[0], [2]],
      [
        [0, 1],
        [1, 1],
      ],
      [
        [0, 1],
        [1, 2],
      ],
      [
        [0, 1],
        [2, 1],
      ],
      [
        [0, 1],
        [2, 2],
      ],
    ]);
  });
});
