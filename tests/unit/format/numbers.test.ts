import { describe, expect, it } from 'vitest';
import { confidence } from '#lib/format/confidence.ts';
import { count, counted, position } from '#lib/format/count.ts';
import { behind } from '#lib/format/duration.ts';
import { pValue } from '#lib/format/p-value.ts';
import { interval, intervalBeside, percent, rateOrCount } from '#lib/format/percent.ts';
import { lift, odds, points } from '#lib/format/ratio.ts';
import { attributeValue, bandWords, conditionValue, conditionWords, value } from '#lib/format/value.ts';

describe('percent', () => {
  it.each([
    [0.149, '14.9%'],
    [0.1175, '11.8%'],
    [0.0043, '0.43%'],
    [0, '0%'],
    [1, '100%'],
    [0.00001, '<0.01%'],
    [0.9999, '>99.9%'],
    [null, '–'],
  ])('writes %s as %s', (rate, words) => expect(percent(rate)).toBe(words));
});

describe('interval', () => {
  it('has an en dash and one sign', () => {
    expect(interval({ low: 0.1447, high: 0.1532 })).toBe('14.5–15.3%');
  });
  it('is whole while the rate is a count', () => {
    expect(intervalBeside(3, { low: 0.0615, high: 0.7923 })).toBe('6–79%');
  });
  it('shows two decimals for rates under one percent', () => {
    expect(interval({ low: 0.0012, high: 0.0093 })).toBe('0.12–0.93%');
  });
  it('writes closed ends as 0 and 100', () => {
    expect(interval({ low: 0, high: 0.434 })).toBe('0–43.4%');
    expect(interval({ low: 0.5655, high: 1 })).toBe('56.5–100%');
  });
  it('is empty without cases', () => {
    expect(intervalBeside(0, { low: 0, high: 1 })).toBe('');
  });
});

describe('rateOrCount', () => {
  it('is a count under five cases and a rate from five on', () => {
    expect(rateOrCount(1 / 3, 3, 1)).toBe('1 of 3');
    expect(rateOrCount(0.4, 5, 2)).toBe('40.0%');
  });
  it('is a dash without cases', () => {
    expect(rateOrCount(null, 0, 0)).toBe('–');
  });
});

describe('counts and positions', () => {
  it.each([
    [45211, '45,211'],
    [999_999, '999,999'],
    [1_249_999, '1.24 M'],
    [2_000_000_000, '2.00 B'],
    [-1200, '−1,200'],
  ])('writes %s as %s', (n, words) => expect(count(n)).toBe(words));
  it('writes positions in full with a number sign', () => {
    expect(position(1_245_211)).toBe('#1,245,211');
  });
  it('knows one from many', () => {
    expect([counted(1, 'outcome'), counted(2, 'outcome')]).toEqual(['1 outcome', '2 outcomes']);
  });
});

describe('ratios', () => {
  it('writes lift with one decimal and a times sign', () => {
    expect([lift(2.57), lift(123.4), lift(null), lift(Infinity)]).toEqual(['2.6×', '123×', '–', '–']);
  });
  it('never writes a ratio above zero as zero', () => {
    expect([0.34, 0.096, 0.025, 0.0004, 0].map(lift)).toEqual(['0.3×', '0.10×', '0.03×', '<0.01×', '0×']);
    expect([0.53, 0.004, 0].map(odds)).toEqual(['0.53×', '<0.01×', '0×']);
  });
  it('writes differences in signed points, never minus zero', () => {
    expect([points(0.088), points(-0.0042), points(-0.0001)]).toEqual([
      '+8.8 points',
      '−0.4 points',
      '0.0 points',
    ]);
  });
});

describe('pValue', () => {
  it.each([
    [0, '< 0.001'],
    [0.00099, '< 0.001'],
    [0.0412, '0.041'],
    [0.5, '0.5'],
    [0.9999, '1.0'],
    [null, '–'],
  ])('writes %s as %s', (p, words) => expect(pValue(p)).toBe(words));
});

describe('confidence', () => {
  it('is cut and not rounded, so 0.80 appears only once reached', () => {
    expect([confidence(0.7999), confidence(0.8), confidence(0.29)]).toEqual(['0.79', '0.80', '0.29']);
  });
  it('never reads as certain', () => {
    expect([confidence(0.99999), confidence(0.0001), confidence(null)]).toEqual(['>0.99', '<0.01', '–']);
  });
});

describe('behind', () => {
  it.each([
    [180, '0.2 s'],
    [9_940, '9.9 s'],
    [9_960, '10 s'],
    [38_000, '38 s'],
    [59_700, '1 min'],
    [7_200_000, '2 h'],
    [400_000_000, '5 days'],
    [-5, '0.0 s'],
  ])('writes %s ms as %s', (ms, words) => expect(behind(ms)).toBe(words));
});

describe('values and conditions', () => {
  it('write bands of numbers with a true minus and leave other words alone', () => {
    expect(['≥ -1', '-5 to -2', '-0.5 to < -0.1', '< -3e-7', '33–39'].map(bandWords)).toEqual([
      '≥ −1',
      '−5 to −2',
      '−0.5 to < −0.1',
      '< −3e-7',
      '33–39',
    ]);
    expect(['self-employed', '2026-11-20', '-', '≥ old-ish'].map(bandWords)).toEqual([
      'self-employed',
      '2026-11-20',
      '-',
      '≥ old-ish',
    ]);
  });

  it('never writes minus zero', () => {
    expect([-0, -0.00001, -0.0002, 0.00001].map(value)).toEqual(['0', '0', '−0.0002', '0']);
  });

  it('says the same of a flag in a pattern, where it is text, and in an outcome', () => {
    for (const flag of [true, false]) expect(conditionValue(String(flag))).toBe(attributeValue(flag));
    expect(conditionWords([{ attribute: 'returning', value: 'false' }])).toBe('returning no');
    expect([conditionValue('truest'), conditionValue('no')]).toEqual(['truest', 'no']);
  });

  it('says yes and no, and groups thousands', () => {
    expect([attributeValue(true), attributeValue(false), attributeValue(1200), value(-3.5)]).toEqual([
      'yes',
      'no',
      '1,200',
      '−3.5',
    ]);
  });
  it('joins conditions with and', () => {
    const conditions = [
      { attribute: 'contact', value: 'cellular' },
      { attribute: 'marital', value: 'single' },
    ];
    expect(conditionWords(conditions)).toBe('contact cellular and marital single');
  });
});
