import type { SearchedAttribute } from './attribute-space.ts';
import { binLabel } from './bin-label.ts';
import { OTHER_CODE, TRUE_CODE } from './codes.ts';

/** What a code of an attribute reads as: the category itself, "true" or "false", or the bin's label. */
export function itemLabel(attribute: SearchedAttribute, code: number): string {
  switch (attribute.type) {
    case 'string':
      return attribute.values[code - 1] ?? (code === OTHER_CODE ? '(other)' : '(unknown)');
    case 'boolean':
      return code === TRUE_CODE ? 'true' : 'false';
    case 'number':
      return attribute.bins === null ? '(collecting)' : binLabel(attribute.bins, code);
  }
}

/** A flag as people say it, also one that is kept as text: "true" is "yes", "false" is "no". Other words stay. */
export function flagWords(label: string): string {
  return label === 'true' ? 'yes' : label === 'false' ? 'no' : label;
}
