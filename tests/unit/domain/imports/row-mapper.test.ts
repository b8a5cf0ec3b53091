import { describe, expect, it } from 'vitest';
import { outcomeInputSchema } from '#lib/contracts/outcome.ts';
import type { ImportMapping } from '#domain/imports/mapping.ts';
import { rowMapper, type RowProblem } from '#domain/imports/row-mapper.ts';
import { zoneClock } from '#domain/time/zoned-time.ts';

const names = ['when', 'who', 'end', 'worth', 'age', 'city', 'vip', 'id', 'arm', 'remark'];
const mapping: ImportMapping = {
  outcome: 2,
  success: ['yes'],
  neutral: ['maybe'],
  subject: 1,
  externalId: 7,
  time: { column: 0, format: 'iso' },
  value: { column: 3, numberStyle: 'plain' },
  variant: 8,
  note: 9,
  attributes: [
    { column: 4, key: 'age', type: 'number', numberStyle: 'plain' },
    { column: 5, key: 'city', type: 'string', numberStyle: 'plain' },
    { column: 6, key: 'vip', type: 'boolean', numberStyle: 'plain' },
  ],
};
const good = ['2024-03-31', 'Ana', 'yes', '12.5', '33', 'Porto', 'true', 'a-1', 'B', 'called twice'];

function setUp(changes: Partial<ImportMapping> = {}) {
  const mapper = rowMapper({
    names,
    mapping: { ...mapping, ...changes },
    toInstant: zoneClock('UTC'),
    digest: '0123456789abcdef',
    latestMs: Date.UTC(2025, 0, 1),
  });
  const problems: RowProblem[] = [];
  const map = (fields: readonly string[], row = 2) =>
    mapper.map(row, Object.freeze(fields), (p) => problems.push(p));
  return { map, problems };
}
const changed = (column: string, text: string) =>
  good.map((field, i) => (names[i] === column ? text : field));

describe('a row as an outcome', () => {
  it('carries everything, in the shape of the contract', () => {
    const { map, problems } = setUp();
    const outcome = map(good);
    expect(outcome).toEqual({
      externalId: 'a-1',
      subject: 'Ana',
      result: 'success',
      attributes: { age: 33, city: 'Porto', vip: true },
      occurredAt: '2024-03-31T00:00:00.000Z',
      variant: 'B',
      value: 12.5,
      note: 'called twice',
    });
    expect(problems).toEqual([]);
    expect(outcomeInputSchema.safeParse(outcome).success).toBe(true);
  });

  it('without a subject and an id is named after its row and the file', () => {
    const outcome = setUp({ subject: null, externalId: null }).map(good, 17);
    expect(outcome).toMatchObject({ subject: 'row 17', externalId: 'csv:0123456789ab:17' });
  });

  it.each([
    ['yes', 'success'],
    ['maybe', 'neutral'],
    ['no', 'failure'],
    ['anything else', 'failure'],
  ])('ends %s as %s', (text, result) => {
    expect(setUp().map(changed('end', text))?.result).toBe(result);
  });

  it('leaves missing attributes, value and variant out', () => {
    const outcome = setUp().map(['2024-03-31', 'Ana', 'no', '', 'n/a', '', '', 'a-2', '', '']);
    expect(outcome).toEqual({
      externalId: 'a-2',
      subject: 'Ana',
      result: 'failure',
      attributes: {},
      occurredAt: '2024-03-31T00:00:00.000Z',
    });
  });

  it.each([
    ['end', '', 'It does not say how this ended.'],
    ['when', '31/03/2024', '“31/03/2024” is no date like 2024-03-31 or 2024-03-31 14:05.'],
    ['when', '', 'It has no date.'],
    ['when', '2025-03-01', '“2025-03-01” is more than a day in the future; an outcome has happened.'],
    ['worth', 'much', '“much” is no number.'],
    ['worth', '1000000001', 'A value is a number between -1,000,000,000 and 1,000,000,000.'],
    ['age', 'old', '“old” is no number.'],
    ['vip', 'perhaps', '“perhaps” is neither true nor false.'],
    ['city', 'x'.repeat(501), 'It has 501 characters; at most 500 are kept.'],
    ['city', 'a\0b', 'It holds a character that is no text (NUL).'],
    ['who', 'x'.repeat(201), 'It has 201 characters; at most 200 are kept.'],
    ['id', '', 'It has no id.'],
  ])('is refused when %s is %j', (column, text, reason) => {
    const { map, problems } = setUp();
    expect(map(changed(column, text), 9)).toBeNull();
    expect(problems).toEqual([{ row: 9, column, reason }]);
  });

  it('lists every problem of a row', () => {
    const { map, problems } = setUp();
    map(['soon', 'Ana', '', '12.5', 'old', 'Porto', 'true', 'a-1', 'B', '']);
    expect(problems.map((problem) => problem.column)).toEqual(['end', 'when', 'age']);
  });

  it('is refused when it has another number of fields than the header', () => {
    const { map, problems } = setUp();
    expect(map(['only', 'two'])).toBeNull();
    expect(problems).toEqual([{ row: 2, column: null, reason: 'It has 2 fields, the header has 10.' }]);
  });

  it('is refused when an earlier row of the file has its id', () => {
    const { map, problems } = setUp();
    map(good, 2);
    expect(map(good, 3)).toBeNull();
    expect(problems).toEqual([{ row: 3, column: 'id', reason: 'The id a-1 stands in an earlier row too.' }]);
  });
});
