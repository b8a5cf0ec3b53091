import { describe, expect, it } from 'vitest';
import { isBegun, nextValues } from '#lib/components/outcomes/form-values.ts';
import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';

const empty: OutcomeFormValues = {
  subject: '',
  variant: '',
  journeyId: '',
  result: '',
  value: '',
  when: 'Now',
  note: '',
  attributes: [{ key: 'contact', value: '', type: 'string' }],
  extra: [{ key: '', value: '' }],
  another: true,
  once: 'k',
};

describe('a form that was begun', () => {
  it('has something in it that would be missed', () => {
    const begun: Partial<OutcomeFormValues>[] = [
      { subject: 'a' },
      { variant: 'b' },
      { journeyId: 'j' },
      { result: 'success' },
      { value: '1' },
      { note: 'n' },
      { when: 'yesterday' },
      { attributes: [{ key: 'contact', value: 'cellular', type: 'string' }] },
      { extra: [{ key: 'colour', value: '' }] },
    ];
    for (const change of begun) expect(isBegun({ ...empty, ...change }), JSON.stringify(change)).toBe(true);
  });

  it('is not one that nobody touched', () => {
    expect(isBegun(empty)).toBe(false);
    expect(isBegun({ ...empty, when: '' })).toBe(false);
    expect(isBegun(nextValues({ ...empty, subject: 'a', another: false }, 'k2'))).toBe(false);
  });
});
