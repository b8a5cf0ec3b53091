import { describe, expect, it } from 'vitest';
import { parseNumber } from '#lib/contracts/outcome-form-fields.ts';
import { readFormValues, type OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import { formIssues, readForm } from '#lib/server/services/outcomes/read-form.ts';

const NOW = Date.parse('2026-11-20T13:05:00Z');
const empty: OutcomeFormValues = {
  subject: 'client 7',
  variant: '',
  journeyId: '',
  result: 'success',
  value: '',
  when: 'Now',
  note: '',
  attributes: [],
  extra: [{ key: '', value: '' }],
  another: false,
  once: 'k',
};
const read = (change: Partial<OutcomeFormValues>) => readForm({ ...empty, ...change }, NOW, 'UTC');

describe('parseNumber', () => {
  it.each([
    ['1200', 1200],
    ['1,200', 1200],
    ['1 200.50', 1200.5],
    ['−3.5', -3.5],
    ['.5', 0.5],
    ['1e-7', 1e-7],
  ])('reads %s', (text, number) => {
    expect(parseNumber(text)).toBe(number);
  });

  it.each(['1,2oo', '12,5', '1,20', '', '.', '-', 'ten', '1.2.3', 'Infinity', '1e999'])(
    'refuses %j',
    (text) => {
      expect(parseNumber(text)).toBeNull();
    },
  );
});

describe('readForm', () => {
  it('leaves out what is empty and takes the time of recording for now', () => {
    expect(read({})).toEqual({
      input: {
        subject: 'client 7',
        variant: null,
        journeyId: null,
        result: 'success',
        value: null,
        attributes: {},
        note: null,
      },
      issues: [],
    });
  });

  it('gives attributes the type that the workspace fixed', () => {
    const { input, issues } = read({
      attributes: [
        { key: 'zip', type: 'string', value: '04103' },
        { key: 'age', type: 'number', value: '33' },
        { key: 'loan', type: 'boolean', value: 'no' },
        { key: 'job', type: 'string', value: ' ' },
      ],
    });
    expect(issues).toEqual([]);
    expect(input.attributes).toEqual({ zip: '04103', age: 33, loan: false });
  });

  it('takes a new attribute as a number when it reads as one', () => {
    expect(
      read({
        extra: [
          { key: 'visits', value: '3' },
          { key: 'shop', value: 'Leipzig' },
        ],
      }).input.attributes,
    ).toEqual({
      visits: 3,
      shop: 'Leipzig',
    });
  });

  it('says all at once, under the field, in words with an example', () => {
    const { issues } = read({
      subject: ' ',
      result: '',
      value: '1,2oo',
      when: 'gestern',
      attributes: [{ key: 'age', type: 'number', value: 'old' }],
      extra: [
        { key: '', value: 'x' },
        { key: 'shop', value: '' },
        { key: 'age', value: '' },
      ],
    });
    expect(issues.map(({ path }) => path)).toEqual([
      'subject',
      'result',
      'value',
      'when',
      'attributes.age',
      'extra.0',
      'extra.1',
      'extra.2',
    ]);
    expect(issues[2]?.message).toBe('Use digits only, such as 1,200 or 12.50.');
  });

  it('points from a problem of the API to the row of a new attribute', () => {
    const values = {
      ...empty,
      extra: [
        { key: 'ok', value: '1' },
        { key: 'a:b', value: '1' },
      ],
    };
    const issues = [
      { path: 'attributes.a:b', message: 'm' },
      { path: 'occurredAt', message: 'n' },
      { path: 'value', message: 'o' },
    ];
    expect(formIssues(issues, values).map(({ path }) => path)).toEqual(['extra.1', 'when', 'value']);
  });
});

describe('readFormValues', () => {
  it('keeps what was typed as it was typed', () => {
    const data = new FormData();
    for (const [name, value] of [
      ['subject', ' client 7 '],
      ['value', '1,2oo'],
      ['attributeKey', 'age'],
      ['attributeType', 'number'],
      ['attributeValue', ' old'],
      ['extraKey', 'shop'],
      ['extraValue', ''],
      ['another', 'on'],
    ] as const) {
      data.append(name, value);
    }
    expect(readFormValues(data)).toMatchObject({
      subject: ' client 7 ',
      value: '1,2oo',
      attributes: [{ key: 'age', type: 'number', value: ' old' }],
      extra: [{ key: 'shop', value: '' }],
      another: true,
      result: '',
    });
  });
});
