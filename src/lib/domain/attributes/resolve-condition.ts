import type { AttributeSpace, SearchedAttribute } from './attribute-space.ts';
import { binCode } from './bin-code.ts';
import { binLabel, plainLabel } from './bin-label.ts';
import type { Bins } from './bins.ts';
import { FALSE_CODE, TRUE_CODE, VALUES_BEFORE_CUT } from './codes.ts';

/** What the text of a condition is, which matters where the attribute is a number. */
export type Wording =
  /** As people ask: a bin's label, give or take blanks and dashes, else a number that falls into one. */
  | 'asked'
  /** A bin's label to the letter, as the fold called it. A number is none: it may fall into another bin by now. */
  | 'label'
  /** A number as an outcome has it, whatever the bins are called. */
  | 'value';

export type ResolvedCondition =
  | { readonly kind: 'item'; readonly slot: number; readonly code: number }
  /** No entry carries this value: its count is 0. */
  | { readonly kind: 'absent-value'; readonly slot: number }
  /** The dictionary is full: the value, if it occurs, is counted only together with others. */
  | { readonly kind: 'in-other'; readonly slot: number }
  /** A number without bins yet; "cut now" or a band would make it answerable. */
  | { readonly kind: 'collecting'; readonly seen: number; readonly needed: number }
  /** The bins are others than when one had this label. */
  | { readonly kind: 'no-such-bin' }
  | { readonly kind: 'not-searched' }
  | { readonly kind: 'unknown-attribute' };

/** Finds what `attribute:value` stands for. */
export function resolveCondition(
  space: AttributeSpace,
  key: string,
  value: string,
  wording: Wording = 'asked',
): ResolvedCondition {
  const slot = space.searched.findIndex((attribute) => attribute.key === key);
  const attribute = space.searched[slot];
  if (attribute === undefined) {
    return { kind: space.stored.some((stored) => stored.key === key) ? 'not-searched' : 'unknown-attribute' };
  }
  if (attribute.type === 'number' && attribute.bins === null) {
    return { kind: 'collecting', seen: attribute.pending.adds, needed: VALUES_BEFORE_CUT };
  }
  const code = codeOf(attribute, value, wording);
  if (code !== null) return { kind: 'item', slot, code };
  if (attribute.type === 'number' && wording === 'label') return { kind: 'no-such-bin' };
  return { kind: attribute.type === 'string' && attribute.other ? 'in-other' : 'absent-value', slot };
}

function codeOf(attribute: SearchedAttribute, value: string, wording: Wording): number | null {
  switch (attribute.type) {
    case 'string': {
      const index = attribute.values.indexOf(value);
      return index < 0 ? null : index + 1;
    }
    case 'boolean':
      return value === 'true' ? TRUE_CODE : value === 'false' ? FALSE_CODE : null;
    case 'number':
      return attribute.bins === null ? null : binOf(attribute.bins, value, wording);
  }
}

/** Of what is asked labels first, so that a declared band named "2" is found by its name. */
function binOf(bins: Bins, text: string, wording: Wording): number | null {
  switch (wording) {
    case 'label':
      return binNamed(bins, (label) => label === text);
    case 'value':
      return binHolding(bins, text);
    case 'asked': {
      const asked = plainLabel(text);
      return binNamed(bins, (label) => plainLabel(label) === asked) ?? binHolding(bins, text);
    }
  }
}

function binNamed(bins: Bins, isMeant: (label: string) => boolean): number | null {
  for (let code = 1; code <= bins.edges.length + 1; code += 1) {
    if (isMeant(binLabel(bins, code))) return code;
  }
  return null;
}

function binHolding(bins: Bins, text: string): number | null {
  const number = text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(number) ? binCode(bins.edges, number) : null;
}
