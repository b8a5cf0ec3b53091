import { flagWords } from '#domain/attributes/item-label.ts';

const VALUE = new Intl.NumberFormat('en', { maximumFractionDigits: 4 });

/** A recorded value or the mean of several: `1,200`, `−3.5`. */
export function value(amount: number | null): string {
  if (amount === null) return '–';
  const words = VALUE.format(amount);
  // Also what only rounds to it: minus zero says nothing.
  return words === '-0' ? '0' : words.replace('-', '−');
}

/** The value of an attribute in words: true and false, also where a source sent them as text, are yes and no. */
export function attributeValue(v: string | number | boolean): string {
  return typeof v === 'number' ? value(v) : flagWords(String(v));
}

const BAND = /^(?:[<≥] )?-?\d[\d.]*(?:e[+-]?\d+)?(?:(?: to (?:< )?|–)-?\d[\d.]*(?:e[+-]?\d+)?)?$/;

/** The band of a number as people read it, with a true minus: `≥ −1`, `−5 to −2`. Other words stay. */
export function bandWords(label: string): string {
  return BAND.test(label) ? label.replace(/(?<!e)-/g, '−') : label;
}

/** The value of a condition in words; a band of a number has a true minus. */
export function conditionValue(v: string | number | boolean): string {
  return attributeValue(typeof v === 'string' ? bandWords(v) : v);
}

/** `contact cellular and marital single`, for sentences, titles and labels. */
export function conditionWords(
  conditions: readonly { attribute: string; value: string | number | boolean }[],
): string {
  return conditions.map((c) => `${c.attribute} ${conditionValue(c.value)}`).join(' and ');
}
