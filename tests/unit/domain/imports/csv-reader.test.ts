import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEPARATORS, createCsvReader, type Separator } from '#domain/imports/csv-reader.ts';
import { sniffSeparator } from '#domain/imports/sniff-separator.ts';
import { csvLine } from '#domain/imports/write-csv.ts';

/** The text, cut at these places, as an upload arrives. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((place, i) => text.slice(places[i - 1] ?? 0, place));
}

function read(text: string, separator: Separator, cuts: readonly number[] = []) {
  const reader = createCsvReader(separator);
  const records = pieces(text, cuts).flatMap((piece) => reader.push(piece));
  records.push(...reader.end());
  return { records, rows: records.map((record) => record.fields), unclosedRow: reader.unclosedRow };
}

const separator = fc.constantFrom(...SEPARATORS);
const cell = fc.string({
  unit: fc.constantFrom('a', 'b', '"', ',', ';', '\t', '|', '\n', '\r\n', ' ', 'é', '1'),
  maxLength: 8,
});
const table = fc
  .integer({ min: 1, max: 5 })
  .chain((width) =>
    fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
  );
const cuts = fc.array(fc.nat(), { maxLength: 6 });

describe('csv reader', () => {
  it('reads back what was written, wherever the text is cut into pieces', () => {
    fc.assert(
      fc.property(table, separator, cuts, (rows, sep, places) => {
        const text = rows.map((row) => csvLine(row, sep)).join('');
        expect(read(text, sep, places).rows).toEqual(rows);
      }),
      { numRuns: 500 },
    );
  });

  it('reads what another writer wrote, with LF and with CRLF, as another reader does', () => {
    fc.assert(
      fc.property(table, separator, fc.constantFrom('\n', '\r\n'), cuts, (rows, sep, newline, places) => {
        const text = stringify(rows, {
          delimiter: sep,
          record_delimiter: newline,
          quoted_empty: true,
          quoted_match: /[\r\n]/,
        });
        const other = parse(text, { delimiter: sep, skip_empty_lines: true, record_delimiter: newline });
        expect(read(text, sep, places).rows).toEqual(other);
      }),
      { numRuns: 500 },
    );
  });

  it('numbers rows as a spreadsheet does, empty lines included', () => {
    const { records } = read('a,b\n\n1,2\r\n\r\n3,4', ',');
    expect(records).toEqual([
      { row: 1, fields: ['a', 'b'] },
      { row: 3, fields: ['1', '2'] },
      { row: 5, fields: ['3', '4'] },
    ]);
  });

  it('counts a record over several lines as one row', () => {
    const { records } = read('a\n"x\ny\nz"\nlast\n', ',');
    expect(records.map((record) => record.row)).toEqual([1, 2, 3]);
  });

  it('names the row whose quote is never closed, at the end and when the file goes on for long', () => {
    expect(read('a,b\n1,"two\n3,4\n', ',').unclosedRow).toBe(2);
    const reader = createCsvReader(',');
    reader.push('a,b\n1,2\n3,"four\n');
    for (let i = 0; i < 30; i++) reader.push('x,y\n'.repeat(10_000));
    expect(reader.unclosedRow).toBe(3);
    expect(reader.push('more,text\n')).toEqual([]);
  });

  it('keeps what stands around quotes inside a field', () => {
    expect(read('5" pipe,"6"" pipe" x\n', ',').rows).toEqual([['5" pipe', '6" pipe x']]);
  });
});

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
