import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAttributeKey } from '../../../../src/lib/domain/outcomes/attribute-key.ts';
import {
  fromFixedPoint,
  isRecordableValue,
  toFixedPoint,
} from '../../../../src/lib/domain/outcomes/fixed-point.ts';
import { parseWhere } from '../../../../src/lib/domain/outcomes/parse-where.ts';

describe('attribute keys and where', () => {
  it('take what has no colon and does not start with a space, up to 64 characters', () => {
    expect(['a', 'contact date', 'é', 'x'.repeat(64)].map(isAttributeKey)).toEqual([true, true, true, true]);
    expect(['', ' a', 'a:b', ':', 'x'.repeat(65)].map(isAttributeKey)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('split at the first colon', () => {
    expect(parseWhere('time:10:30')).toEqual({ attribute: 'time', value: '10:30' });
    expect(parseWhere('v:1.5')).toEqual({ attribute: 'v', value: '1.5' });
    expect([parseWhere('a'), parseWhere(':b'), parseWhere('a:'), parseWhere(' a:b')]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});

describe('fixed-point values', () => {
  it('round to ten-thousandths, come back, and are never minus zero', () => {
    expect([12.34, -0.00005, 0.00004, 1e9].map(toFixedPoint)).toEqual([123_400, -1, 0, 1e13]);
    expect(Object.is(toFixedPoint(-0.00001), 0)).toBe(true);
    fc.assert(
      fc.property(fc.integer({ min: -1e13, max: 1e13 }), (fixed) => {
        expect(toFixedPoint(fromFixedPoint(fixed))).toBe(fixed);
      }),
    );
  });

  it('refuse what cannot be summed exactly', () => {
    expect([1e9, -1e9, 1e9 + 1, NaN, Infinity].map(isRecordableValue)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(() => toFixedPoint(2e9)).toThrow(RangeError);
  });
});
