import type { AttributeView } from '#lib/contracts/fold.ts';
import type { AttributeValue } from '#lib/contracts/outcome.ts';
import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import type { Issue } from '#lib/contracts/problem.ts';
import { futureProblem } from './parse-outcomes.ts';
import { parseWhen } from './parse-when.ts';

export const ONE_VALUE_EXAMPLE = 'Use digits only, such as 1,200 or 12.50.';

const text = (data: FormData, name: string): string => {
  const value = data.get(name);
  return typeof value === 'string' ? value : '';
};
const texts = (data: FormData, name: string): string[] =>
  data.getAll(name).map((value) => (typeof value === 'string' ? value : ''));

/** The fields of the record and of the correct form. Known attributes come as triples `key`, `type`, `attribute`. */
export function readFormValues(data: FormData): OutcomeFormValues {
  const keys = texts(data, 'attributeKey');
  const types = texts(data, 'attributeType');
  const values = texts(data, 'attributeValue');
  const extraKeys = texts(data, 'extraKey');
  const extraValues = texts(data, 'extraValue');
  return {
    subject: text(data, 'subject'),
    variant: text(data, 'variant'),
    journeyId: text(data, 'journeyId'),
    result: text(data, 'result'),
    value: text(data, 'value'),
    when: text(data, 'when'),
    note: text(data, 'note'),
    attributes: keys.map((key, i) => ({ key, value: values[i] ?? '', type: typeFrom(types[i]) })),
    extra: extraKeys.map((key, i) => ({ key, value: extraValues[i] ?? '' })),
    another: data.get('another') === 'on',
    once: text(data, 'once'),
  };
}

const typeFrom = (written: string | undefined): AttributeView['type'] =>
  written === 'number' || written === 'boolean' ? written : 'string';

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

/** What the form says, in the words of the API. */
export interface ReadForm {
  input: {
    subject: string;
    variant: string | null;
    journeyId: string | null;
    result: string;
    value: number | null;
    attributes: Record<string, AttributeValue>;
    note: string | null;
    occurredAt?: string;
  };
  /** What of it cannot be read, with the form's paths: field names, `attributes.name`, `extra.0`. */
  issues: Issue[];
}

export function readForm(values: OutcomeFormValues, nowMs: number, timeZone: string): ReadForm {
  const issues: Issue[] = [];
  if (values.subject.trim() === '')
    issues.push({ path: 'subject', message: 'Say whom or what this outcome is about.' });
  if (values.result === '') issues.push({ path: 'result', message: 'Choose how it ended.' });
  const value = values.value.trim() === '' ? null : parseNumber(values.value);
  if (values.value.trim() !== '' && value === null)
    issues.push({ path: 'value', message: ONE_VALUE_EXAMPLE });
  const when = parseWhen(values.when, nowMs, timeZone);
  if (when.kind === 'unreadable') {
    issues.push({
      path: 'when',
      message: 'This is not read as a time. Write “now”, “yesterday 16:30” or 2026-03-01 16:30.',
    });
  }
  const future = when.kind === 'at' ? futureProblem(when.ms, nowMs) : null;
  if (future !== null) issues.push({ path: 'when', message: future });
  const attributes = readAttributes(values, issues);
  const input = {
    subject: values.subject.trim(),
    variant: orNull(values.variant),
    journeyId: orNull(values.journeyId),
    result: values.result,
    value,
    attributes,
    note: orNull(values.note),
    ...(when.kind === 'at' ? { occurredAt: new Date(when.ms).toISOString() } : {}),
  };
  return { input, issues };
}

/** Issues of the API with the form's paths: a new attribute is pointed at in its own row. */
export function formIssues(issues: readonly Issue[], values: OutcomeFormValues): Issue[] {
  return issues.map(({ path, message }) => {
    if (path === 'occurredAt') return { path: 'when', message };
    const key = path.startsWith('attributes.') ? path.slice('attributes.'.length) : null;
    const row = key === null ? -1 : values.extra.findIndex((extra) => extra.key.trim() === key);
    return { path: row === -1 ? path : `extra.${row}`, message };
  });
}
