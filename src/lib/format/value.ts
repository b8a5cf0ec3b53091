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

/** `contact cellular and marital single`, for sentences, titles and labels. */
export function conditionWords(
  conditions: readonly { attribute: string; value: string | number | boolean }[],
): string {
  return conditions.map((c) => `${c.attribute} ${attributeValue(c.value)}`).join(' and ');
}
