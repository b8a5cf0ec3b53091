import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEPARATORS, type CsvRecord, type Separator } from '#domain/imports/csv-record.ts';
import { readHead } from '#lib/server/csv/read-head.ts';
import { readRows } from '#lib/server/csv/read-rows.ts';

/** The text, cut at these places, as an upload arrives. */
function cutUp(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((place, i) => text.slice(places[i - 1] ?? 0, place));
}

async function* arriving(pieces: Iterable<string>): AsyncGenerator<string, void, undefined> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}

async function readPieces(pieces: AsyncIterable<string>, separator: Separator = ',') {
  const records: CsvRecord[] = [];
  const batches = readRows(pieces, separator);
  for (;;) {
    const next = await batches.next();
    if (next.done === true) return { records, unclosedRow: next.value };
    records.push(...next.value);
  }
}

const read = (text: string, separator: Separator = ',', cuts: readonly number[] = []) =>
  readPieces(arriving(cutUp(text, cuts)), separator);

const separator = fc.constantFrom(...SEPARATORS);
const cell = fc.string({
  unit: fc.constantFrom('a', 'b', '"', ',', ';', '\t', '|', '\n', '\r\n', ' ', 'é', '€', '1'),
  maxLength: 8,
});
const table = fc
  .integer({ min: 1, max: 5 })
  .chain((width) =>
    fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 2, maxLength: 8 }),
  );
const cuts = fc.array(fc.nat(), { maxLength: 6 });

describe('rows of a CSV file', () => {
  it('are what was written, with LF and with CRLF, wherever the text is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        separator,
        fc.constantFrom('\n', '\r\n'),
        cuts,
        async (rows, sep, eol, places) => {
          const text = stringify(rows, {
            delimiter: sep,
            record_delimiter: eol,
            quote_record_delimiter: true,
            quoted_empty: true,
          });
          const expected = rows.slice(1).map((fields, index) => ({ row: index + 2, fields }));
          expect(await read(text, sep, places)).toEqual({ records: expected, unclosedRow: null });
          expect(readHead(text, sep, rows.length)).toEqual(rows);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are numbered as a spreadsheet does, empty lines included', async () => {
    const { records } = await read('\na,b\n\n1,2\r\n\r\n3,4');
    expect(records).toEqual([
      { row: 4, fields: ['1', '2'] },
      { row: 6, fields: ['3', '4'] },
    ]);
  });

  it('count as one when they go over several lines', async () => {
    const { records } = await read('a\n"x\ny\n\nz"\nlast\n');
    expect(records).toEqual([
      { row: 2, fields: ['x\ny\n\nz'] },
      { row: 3, fields: ['last'] },
    ]);
  });

  it('may be shorter and longer than the header; a quoted nothing is no empty line', async () => {
    const { records } = await read('a,b\n1\n1,2,3\n""\n,\n');
    expect(records.map(({ fields }) => fields)).toEqual([['1'], ['1', '2', '3'], [''], ['', '']]);
  });

  it('are read in full before a quote that is never closed, whose row is told', async () => {
    expect(await read('a,b\n1,2\n\n3,"four\n5,6\n', ',', [6, 12])).toEqual({
      records: [{ row: 2, fields: ['1', '2'] }],
      unclosedRow: 4,
    });
    expect((await read('a,"b\n1,2\n')).unclosedRow).toBe(1);
  });

  it('end where a quote has been open for too long: the rest of the file is not even asked for', async () => {
    let asked = 0;
    async function* endless() {
      yield await Promise.resolve('a,b\n1,2\n3,"four\n');
      for (; ; asked++) yield 'x,y\n'.repeat(10_000);
    }
    expect(await readPieces(endless())).toEqual({
      records: [{ row: 2, fields: ['1', '2'] }],
      unclosedRow: 3,
    });
    expect(asked).toBeLessThan(30);
  });

  it('keep a quote inside a field, and the quotes of a field that goes on after them', async () => {
    const { records } = await read('a,b,c\n5" pipe,"6"" pipe" x,"7"\nnext,2,3\n');
    expect(records.map(({ fields }) => fields)).toEqual([
      ['5" pipe', '"6" pipe" x', '7'],
      ['next', '2', '3'],
    ]);
  });

  it('come in batches as pieces arrive, so that the caller may give way', async () => {
    let asked = 0;
    async function* pieces() {
      for (; asked < 5; asked++) yield await Promise.resolve('some,fields\n'.repeat(4));
    }
    const askedAt: number[] = [];
    for await (const batch of readRows(pieces(), ',')) if (batch.length > 0) askedAt.push(asked);
    expect(askedAt).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('are none in a file of nothing or of a header', async () => {
    expect(await readPieces(arriving([]))).toEqual({ records: [], unclosedRow: null });
    expect(await read('a,b\n')).toEqual({ records: [], unclosedRow: null });
  });

  it('fail as their source fails', async () => {
    async function* broken() {
      yield await Promise.resolve('a\n1\n');
      throw new Error('The disk is gone.');
    }
    await expect(readPieces(broken())).rejects.toThrow('The disk is gone.');
  });

  it('close their source when they are not wanted any more', async () => {
    let closed = false;
    async function* source() {
      try {
        for (;;) yield await Promise.resolve('1\n2\n');
      } finally {
        closed = true;
      }
    }
    for await (const batch of readRows(source(), ',')) if (batch.length > 0) break;
    expect(closed).toBe(true);
  });
});

describe('the head of a CSV file', () => {
  it('is read as far as it goes', () => {
    expect(readHead('a,b\n1,2\n3,4\n', ',', 2)).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(readHead('a,b\n1,2\n3,"to', ',', 9)).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(readHead('', ',', 1)).toEqual([]);
  });
});
