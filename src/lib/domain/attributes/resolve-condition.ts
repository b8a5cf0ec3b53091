import type { AttributeSpace, SearchedAttribute } from './attribute-space.ts';
import { binCode } from './bin-code.ts';
import { binLabel } from './bin-label.ts';
import type { Bins } from './bins.ts';
import { FALSE_CODE, TRUE_CODE, VALUES_BEFORE_CUT } from './codes.ts';

export type ResolvedCondition =
  | { readonly kind: 'item'; readonly slot: number; readonly code: number }
  /** No entry carries this value: its count is 0. */
  | { readonly kind: 'absent-value'; readonly slot: number }
  /** The dictionary is full: the value, if it occurs, is counted only together with others. */
  | { readonly kind: 'in-other'; readonly slot: number }
  /** A number without bins yet; "cut now" or a band would make it answerable. */
  | { readonly kind: 'collecting'; readonly seen: number; readonly needed: number }
  | { readonly kind: 'not-searched' }
  | { readonly kind: 'unknown-attribute' };

/** Finds what `attribute:value` stands for; a number finds the bin it falls into, as does a bin's label. */
export function resolveCondition(space: AttributeSpace, key: string, value: string): ResolvedCondition {
  const slot = space.searched.findIndex((attribute) => attribute.key === key);
  const attribute = space.searched[slot];
  if (attribute === undefined) {
    return { kind: space.stored.some((stored) => stored.key === key) ? 'not-searched' : 'unknown-attribute' };
  }
  if (attribute.type === 'number' && attribute.bins === null) {
    return { kind: 'collecting', seen: attribute.pending.adds, needed: VALUES_BEFORE_CUT };
  }
  const code = codeOf(attribute, value);
  if (code !== null) return { kind: 'item', slot, code };
  return { kind: attribute.type === 'string' && attribute.other ? 'in-other' : 'absent-value', slot };
}

function codeOf(attribute: SearchedAttribute, value: string): number | null {
  switch (attribute.type) {
    case 'string': {
      const index = attribute.values.indexOf(value);
      return index < 0 ? null : index + 1;
    }
    case 'boolean':
      return value === 'true' ? TRUE_CODE : value === 'false' ? FALSE_CODE : null;
    case 'number':
      return attribute.bins === null ? null : binOf(attribute.bins, value);
  }
}

/** Labels first, so that a declared band named "2" is found by its name; the dash may be a hyphen. */
function binOf(bins: Bins, value: string): number | null {
  const wanted = plain(value);
  for (let code = 1; code <= bins.edges.length + 1; code += 1) {
    if (plain(binLabel(bins, code)) === wanted) return code;
  }
  const number = value.trim() === '' ? NaN : Number(value);
  return Number.isFinite(number) ? binCode(bins.edges, number) : null;
}

function plain(label: string): string {
  return label.replaceAll('–', '-').replaceAll(' ', '');
}
