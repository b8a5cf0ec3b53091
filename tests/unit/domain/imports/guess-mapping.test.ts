import { describe, expect, it } from 'vitest';
import { columnNames } from '#domain/imports/column-names.ts';
import { guessMapping, type MappingGuess } from '#domain/imports/guess-mapping.ts';
import type { AttributeType, ImportMapping } from '#domain/imports/mapping.ts';
import { profileColumns } from '#domain/imports/profile-columns.ts';
import { zoneClock } from '#domain/time/zoned-time.ts';

function guess(
  lines: string[],
  known: Record<string, AttributeType> = {},
): { names: string[]; found: MappingGuess } {
  const [header, ...rows] = lines.map((line) => line.split(','));
  const names = columnNames(header ?? []);
  const profiler = profileColumns(names, zoneClock('UTC'));
  for (const fields of rows) profiler.add(fields);
  return { names, found: guessMapping(profiler.finish(), new Map(Object.entries(known))) };
}

function described(lines: string[], known: Record<string, AttributeType> = {}) {
  const { names, found } = guess(lines, known);
  const mapping = found.mapping as ImportMapping;
  const name = (column: number | null | undefined) =>
    column === null || column === undefined ? null : (names[column] ?? '?');
  return {
    outcome: name(mapping.outcome),
    success: mapping.success,
    neutral: mapping.neutral,
    subject: name(mapping.subject),
    externalId: name(mapping.externalId),
    time: name(mapping.time?.column),
    format: mapping.time?.format ?? null,
    value: name(mapping.value?.column),
    variant: name(mapping.variant),
    attributes: Object.fromEntries(mapping.attributes.map(({ key, type }) => [key, type])),
  };
}

const deals = [
  'Deal ID,Customer,Stage,Amount,Region,Seats,Close Date,Variant',
  '1001,Ana Lda,Closed Won,1200.50,North,5,2024-03-01,A',
  '1002,Rui SA,Closed Lost,800,South,12,2024-03-02,B',
  '1003,Eva GmbH,Pending,950,North,7,2024-03-03,A',
  '1004,Max AG,Closed Won,400,West,30,2024-03-04,B',
];

describe('proposed mapping', () => {
  it('finds who, how it ended, when and for how much in a list of deals', () => {
    expect(described(deals)).toEqual({
      outcome: 'Stage',
      success: ['Closed Won'],
      neutral: ['Pending'],
      subject: 'Deal ID',
      externalId: null,
      time: 'Close Date',
      format: 'iso',
      value: 'Amount',
      variant: 'Variant',
      attributes: { Customer: 'string', Region: 'string', Seats: 'number' },
    });
  });

  it('finds an outcome that nobody named, by its two values', () => {
    const found = described(['colour,size,end', 'red,S,no', 'blue,M,yes', 'red,L,no']);
    expect(found).toMatchObject({ outcome: 'end', success: ['yes'] });
  });

  it('takes the unnamed one of two values as success when the other reads like failure', () => {
    expect(described(['a,status', 'x,honoured', 'y,no-show', 'x,honoured'])).toMatchObject({
      success: ['honoured'],
    });
  });

  it('knows that a cancellation is the bad end', () => {
    const found = described(['hotel,is_canceled', 'city,0', 'resort,1', 'city,0']);
    expect(found).toMatchObject({ outcome: 'is_canceled', success: ['0'] });
  });

  it('says that no column looks like an outcome', () => {
    expect(guess(['city,height', 'Porto,1', 'Lisbon,2', 'Faro,3', 'Braga,4']).found.mapping).toBeNull();
  });

  it('leaves out constants, long lists of values, counters and dates, each with its reason', () => {
    const lines = ['y,same,street,seq,born,mood'];
    for (let i = 0; i < 200; i++) {
      const born = new Date(Date.UTC(1970, 0, 1 + i * 37)).toISOString().slice(0, 10);
      lines.push(
        `${i % 3 === 0 ? 'yes' : 'no'},EUR,street ${i},${i + 1},${born},${i % 2 === 0 ? 'good' : 'bad'}`,
      );
    }
    const { names, found } = guess(lines);
    const reasons = Object.fromEntries(
      found.advice.map((a) => [names[a.column], a.type === null ? a.reason : a.type]),
    );
    expect(reasons).toEqual({
      y: 'string',
      same: 'The same value in every row: nothing to compare.',
      street: '200 different values; a category holds 64.',
      seq: 'A different number in every row: it looks like an id.',
      born: 'A date: as an attribute it would be a category of its own every day.',
      mood: 'string',
    });
    expect(found.mapping?.time?.column).toBe(names.indexOf('born'));
  });

  it('keeps the type that an attribute has in the workspace already', () => {
    const lines = ['y,age,code', 'yes,33,007', 'no,41,012', 'yes,52,100'];
    expect(described(lines).attributes).toEqual({ age: 'number', code: 'string' });
    expect(described(lines, { age: 'string' }).attributes).toEqual({ age: 'string', code: 'string' });
  });

  it('warns of what may be known only afterwards', () => {
    const { names, found } = guess(['duration,job,y', '10,a,no', '400,b,yes', '30,a,no']);
    expect(found.advice.filter((advice) => advice.hindsight).map((advice) => names[advice.column])).toEqual([
      'duration',
    ]);
  });

  it('is unsure when a date could have the month first', () => {
    expect(guess(['y,when', 'no,03/04/2024', 'yes,05/06/2024']).found.timeUncertain).toBe(true);
    expect(guess(['y,when', 'no,03/04/2024', 'yes,25/06/2024']).found.timeUncertain).toBe(false);
  });

  it('never takes a plain id for an external id: two files may both count from 1', () => {
    expect(described(['id,result', '1,won', '2,lost', '3,won'])).toMatchObject({
      subject: 'id',
      externalId: null,
    });
    expect(described(['external_id,result', 'a,won', 'b,lost', 'c,won'])).toMatchObject({
      externalId: 'external_id',
    });
  });

  it('gives columns of the same name keys of their own, without colons', () => {
    expect(columnNames(['a', 'a', '', ' b  c '])).toEqual(['a', 'a (2)', 'Column 3', 'b c']);
    const { attributes } = described(['x:y,x y,won', 'a,b,yes', 'c,d,no', 'a,d,no']);
    expect(Object.keys(attributes)).toEqual(['x y', 'x y (2)']);
  });
});
