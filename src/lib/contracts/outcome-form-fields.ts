import type { AttributeView } from './fold.ts';
import type { AttributeValue } from './outcome.ts';
import type { OutcomeFormValues } from './outcome-form.ts';
import type { Issue } from './problem.ts';

export const ONE_VALUE_EXAMPLE = 'Use digits only, such as 1,200 or 12.50.';

/**
 * A number as people write it: 1200, 1,200, 1 200, 12.5, −3; null when it is not one. A comma separates thousands
 * only where it can; "12,5" is refused rather than read as 125.
 */
export function parseNumber(written: string): number | null {
  const plain = written
    .trim()
    .replace('−', '-')
    .replace(/[\u00a0\u202f ]/g, '');
  if (!/^[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d+)?(e[+-]?\d+)?$/i.test(plain) || !/\d/.test(plain)) return null;
  const number = Number(plain.replaceAll(',', ''));
  return Number.isFinite(number) ? number : null;
}

const EXAMPLES = { number: 'Use digits only, such as 33.', boolean: 'Write yes or no.' };

function parseAttribute(written: string, type: AttributeView['type']): AttributeValue | null {
  if (type === 'number') return parseNumber(written);
  if (type === 'boolean') {
    if (/^(true|yes|y|1)$/i.test(written)) return true;
    return /^(false|no|n|0)$/i.test(written) ? false : null;
  }
  return written;
}

/** A new attribute is a number when it reads as one, so that it can be binned; otherwise text. */
const parseNewAttribute = (written: string): AttributeValue => parseNumber(written) ?? written;

function readAttributes(values: OutcomeFormValues, issues: Issue[]): Record<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  for (const { key, value, type } of values.attributes) {
    const written = value.trim();
    if (written === '') continue;
    const parsed = parseAttribute(written, type);
    if (parsed !== null) attributes.set(key, parsed);
    else
      issues.push({
        path: `attributes.${key}`,
        message: type === 'string' ? 'Write a value.' : EXAMPLES[type],
      });
  }
  for (const [i, { key, value }] of values.extra.entries()) {
    const name = key.trim();
    const written = value.trim();
    if (name === '' && written === '') continue;
    if (name === '') issues.push({ path: `extra.${i}`, message: 'Name this attribute, such as contact.' });
    else if (written === '')
      issues.push({ path: `extra.${i}`, message: `Give ${name} a value, or empty both fields.` });
    else if (attributes.has(name))
      issues.push({ path: `extra.${i}`, message: `${name} is filled in above already.` });
    else attributes.set(name, parseNewAttribute(written));
  }
  return Object.fromEntries(attributes);
}

const orNull = (written: string): string | null => (written.trim() === '' ? null : written.trim());

/** What the form says, in the words of the API, but for the time, which needs the zone of the workspace. */
export interface FormFields {
  subject: string;
  variant: string | null;
  journeyId: string | null;
  result: string;
  value: number | null;
  attributes: Record<string, AttributeValue>;
  note: string | null;
}

/**
 * Reads the fields of the outcome form; pure, so that a browser without a network can say what is wrong.
 * @returns with what of it cannot be read, by the form's paths: field names, `attributes.name`, `extra.0`
 */
export function readFormFields(values: OutcomeFormValues): { fields: FormFields; issues: Issue[] } {
  const issues: Issue[] = [];
  if (values.subject.trim() === '')
    issues.push({ path: 'subject', message: 'Say whom or what this outcome is about.' });
  if (values.result === '') issues.push({ path: 'result', message: 'Choose how it ended.' });
  const value = values.value.trim() === '' ? null : parseNumber(values.value);
  if (values.value.trim() !== '' && value === null)
    issues.push({ path: 'value', message: ONE_VALUE_EXAMPLE });
  const attributes = readAttributes(values, issues);
  const fields = {
    subject: values.subject.trim(),
    variant: orNull(values.variant),
    journeyId: orNull(values.journeyId),
    result: values.result,
    value,
    attributes,
    note: orNull(values.note),
  };
  return { fields, issues };
}
