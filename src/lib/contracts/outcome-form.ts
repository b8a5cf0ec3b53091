import type { AttributeView } from './fold.ts';

/** What was typed into the record or correct form, as it was typed, so that nothing is ever lost. */
export interface OutcomeFormValues {
  subject: string;
  variant: string;
  journeyId: string;
  result: string;
  value: string;
  when: string;
  note: string;
  attributes: { key: string; value: string; type: AttributeView['type'] }[];
  /** Attributes that this workspace does not know yet. */
  extra: { key: string; value: string }[];
  another: boolean;
  /** Makes a double click or a resend one outcome. */
  once: string;
}

/** An attribute as the form offers it. */
export interface FormAttribute {
  key: string;
  label: string;
  type: AttributeView['type'];
  /** Values that were recorded before, most frequent first. */
  known: string[];
}

/** How long a form's key may be, and of what: visible ASCII. */
export const FORM_KEY = /^[\x21-\x7e]{1,100}$/;

/**
 * The externalId of an outcome that a browser kept before it was sent. It makes the sending unique for ever, where the
 * key of a request is remembered for a day, and the feed's echo names by it what was recorded.
 */
export const keptExternalId = (once: string): string => `form:${once}`;
export const isKeptExternalId = (externalId: string): boolean => externalId.startsWith('form:');

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
