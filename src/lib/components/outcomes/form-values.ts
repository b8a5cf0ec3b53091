import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';

/** A key for a form that this page makes itself. `crypto.randomUUID` is missing where there is no https. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The next form after one that is kept here: with the attributes of the last when another of a row follows. */
export function nextValues(last: OutcomeFormValues, once: string): OutcomeFormValues {
  const goesOn = last.another;
  return {
    subject: '',
    variant: goesOn ? last.variant : '',
    journeyId: '',
    result: '',
    value: '',
    when: 'Now',
    note: '',
    attributes: goesOn ? last.attributes : last.attributes.map((attribute) => ({ ...attribute, value: '' })),
    extra: goesOn ? last.extra : [],
    another: goesOn,
    once,
  };
}

/** Whether there is something in this form that would be missed. */
export function isBegun(values: OutcomeFormValues): boolean {
  const { subject, variant, journeyId, result, value, when, note, attributes, extra } = values;
  const written = [
    ...[subject, variant, journeyId, result, value, note, when === 'Now' ? '' : when],
    ...attributes.map((attribute) => attribute.value),
    ...extra.flatMap((attribute) => [attribute.key, attribute.value]),
  ];
  return written.some((text) => text.trim() !== '');
}
