const VALUE = new Intl.NumberFormat('en', { maximumFractionDigits: 4 });

/** A recorded value or the mean of several: `1,200`, `−3.5`. */
export function value(amount: number | null): string {
  return amount === null ? '–' : VALUE.format(amount).replace('-', '−');
}

/** The value of a condition or attribute in words: true and false are yes and no. */
export function attributeValue(v: string | number | boolean): string {
  if (typeof v === 'boolean') return v ? 'yes' : 'no';
  return typeof v === 'number' ? value(v) : v;
}

const BAND = /^(?:[<≥] )?-?\d[\d.]*(?:e[+-]?\d+)?(?:(?: to (?:< )?|–)-?\d[\d.]*(?:e[+-]?\d+)?)?$/;

/** The band of a number as people read it, with a true minus: `≥ −1`, `−5 to −2`. Other words stay. */
export function bandWords(label: string): string {
  return BAND.test(label) ? label.replace(/(?<!e)-/g, '−') : label;
}

/** The value of a condition in words; a band of a number has a true minus. */
export function conditionValue(v: string | number | boolean): string {
  return typeof v === 'string' ? bandWords(v) : attributeValue(v);
}

/** `contact cellular and marital single`, for sentences, titles and labels. */
export function conditionWords(
  conditions: readonly { attribute: string; value: string | number | boolean }[],
): string {
  return conditions.map((c) => `${c.attribute} ${conditionValue(c.value)}`).join(' and ');
}
