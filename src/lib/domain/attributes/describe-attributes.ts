import type { AttributeSpace, AttributeType, SearchedAttribute } from './attribute-space.ts';
import { binLabel } from './bin-label.ts';
import { VALUES_BEFORE_CUT } from './codes.ts';

/** What a page shows of an attribute. */
export interface AttributeDescription {
  readonly key: string;
  readonly type: AttributeType;
  readonly state: 'searched' | 'collecting' | 'not-searched';
  readonly slot: number | null;
  readonly firstPosition: number;
  /** Labels in code order: values[i] has code i + 1. */
  readonly values: readonly string[];
  /** Values beyond the dictionary exist and are counted together. */
  readonly hasOther: boolean;
  /** Of a number that waits for its bins: how far it is. */
  readonly collected: { readonly seen: number; readonly needed: number } | null;
}

/** Every attribute the space knows, searched ones first in slot order. */
export function describeAttributes(space: AttributeSpace): AttributeDescription[] {
  const searched = space.searched.map((attribute, slot): AttributeDescription => {
    const collecting = attribute.type === 'number' && attribute.bins === null;
    return {
      key: attribute.key,
      type: attribute.type,
      state: collecting ? 'collecting' : 'searched',
      slot,
      firstPosition: attribute.firstPosition,
      values: labels(attribute),
      hasOther: attribute.type === 'string' && attribute.other,
      collected: collecting ? { seen: attribute.pending.adds, needed: VALUES_BEFORE_CUT } : null,
    };
  });
  const stored = space.stored.map(({ key, type, firstPosition }): AttributeDescription => ({
    key,
    type,
    state: 'not-searched',
    slot: null,
    firstPosition,
    values: [],
    hasOther: false,
    collected: null,
  }));
  return [...searched, ...stored];
}

function labels(attribute: SearchedAttribute): readonly string[] {
  switch (attribute.type) {
    case 'string':
      return attribute.values;
    case 'boolean':
      return ['false', 'true'];
    case 'number': {
      const { bins } = attribute;
      return bins === null
        ? []
        : Array.from({ length: bins.edges.length + 1 }, (_, i) => binLabel(bins, i + 1));
    }
  }
}
