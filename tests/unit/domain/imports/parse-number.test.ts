import { describe, expect, it } from 'vitest';
import { isAbsentNumber, numberStyleOf, parseNumber } from '#domain/imports/parse-number.ts';

describe('numbers of a file', () => {
  it('finds one style for a whole column', () => {
    expect(numberStyleOf(['1', '-2.5', '1e3'])).toBe('plain');
    expect(numberStyleOf(['1', '1,234.50'])).toBe('grouped');
    expect(numberStyleOf(['1.234,50', '0,5'])).toBe('comma');
    expect(numberStyleOf(['12', 'twelve'])).toBeNull();
    expect(numberStyleOf([])).toBeNull();
  });

  it('reads each style, with currency signs', () => {
    expect(parseNumber('-8019', 'plain')).toBe(-8019);
    expect(parseNumber('$1,234.50', 'grouped')).toBe(1234.5);
    expect(parseNumber('-€ 12', 'plain')).toBe(-12);
    expect(parseNumber('1.234,50 €', 'comma')).toBe(1234.5);
    expect(Object.is(parseNumber('-0', 'plain'), 0)).toBe(true);
  });

  it('refuses what is no number in that style', () => {
    for (const text of ['1,2,3', '0x10', 'Infinity', '1e999', '12 34', '--1', '1.2.3']) {
      expect(parseNumber(text, 'plain'), text).toBeNull();
    }
    expect(parseNumber('1,23', 'grouped')).toBeNull();
  });

  it('knows the words that mean no number', () => {
    expect(['', 'NA', 'n/a', 'null', '-'].every(isAbsentNumber)).toBe(true);
    expect(['0', 'none of it'].some(isAbsentNumber)).toBe(false);
  });
});
