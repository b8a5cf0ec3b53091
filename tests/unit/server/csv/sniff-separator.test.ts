import { describe, expect, it } from 'vitest';
import { SEPARATORS } from '#domain/imports/csv-record.ts';
import { sniffSeparator } from '#lib/server/csv/sniff-separator.ts';

describe('separator', () => {
  it.each(SEPARATORS)('finds %j', (sep) => {
    const text = ['name', 'city', 'note'].join(sep) + '\n' + ['Ana', 'Porto', 'said: yes'].join(sep) + '\n';
    expect(sniffSeparator(text.repeat(4))).toBe(sep);
  });

  it('is not taken in by commas inside quotes and decimals', () => {
    expect(sniffSeparator('a;b;c\n"x, y";1,5;2,5\n"p, q";3,5;4,5\n"p, q";3,5;4,5\n')).toBe(';');
  });

  it('is a comma for a file of one column', () => {
    expect(sniffSeparator('name\nAna\nRui\n')).toBe(',');
  });
});
