import type { AttributeSpace } from '../attributes/attribute-space.ts';
import { flagWords, itemLabel } from '../attributes/item-label.ts';

/** One condition of a pattern: an attribute and the value, band or flag it must have. */
export interface Condition {
  readonly attribute: string;
  /** The category, "true" or "false", or the bin's label. */
  readonly value: string;
  readonly slot: number;
  readonly code: number;
}

/** A pattern in words. Conditions are in canonical order: by attribute name. */
export interface Conjunction {
  readonly conditions: readonly Condition[];
  /** The same for the same conditions, whatever order they came in and whichever slots they have. */
  readonly fingerprint: string;
  /** For people: "contact cellular and newsletter yes". */
  readonly label: string;
}

/** The conjunction that slots and codes stand for. */
export function conjunctionOf(
  space: AttributeSpace,
  slots: readonly number[],
  codes: readonly number[],
): Conjunction {
  const conditions = slots.map((slot, i): Condition => {
    const attribute = space.searched[slot];
    const code = codes[i];
    if (attribute === undefined || code === undefined) throw new RangeError(`slot ${slot} is not searched`);
    return { attribute: attribute.key, value: itemLabel(attribute, code), slot, code };
  });
  return namedConjunction(conditions);
}

/** The conjunction of given conditions. */
export function namedConjunction(conditions: readonly Condition[]): Conjunction {
  const ordered = [...conditions].sort((x, y) =>
    x.attribute < y.attribute ? -1 : x.attribute > y.attribute ? 1 : 0,
  );
  return {
    conditions: ordered,
    fingerprint: ordered.map(({ attribute, value }) => `${escape(attribute)}=${escape(value)}`).join('&'),
    label: ordered.map(({ attribute, value }) => `${attribute} ${flagWords(value)}`).join(' and '),
  };
}

/** Only what the fingerprint itself uses; encodeURIComponent throws on lone surrogates. */
function escape(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('&', '%26').replaceAll('=', '%3D');
}
