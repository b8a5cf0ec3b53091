import type { AttributeSpace, AttributeType, Mode, SearchedAttribute } from './attribute-space.ts';
import { binLabel } from './bin-label.ts';
import { VALUES_BEFORE_CUT } from './codes.ts';
import { shareOf } from './switching.ts';

/** How the patterns of an attribute are compared (FINE-PRINT 23). */
export interface AttributeComparison {
  readonly mode: Mode;
  /** `default`: nothing says otherwise, so outcomes of the same time are compared. */
  readonly by: 'default' | 'finding' | 'person';
  /**
   * Observed over expected switches of its value: what the finding rests on, else as of now; null below 200
   * values, or while all are the same.
   */
  readonly switchShare: number | null;
}

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
  /** Null for an attribute that is not searched. */
  readonly comparison: AttributeComparison | null;
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
      comparison: comparisonOf(attribute),
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
    comparison: null,
  }));
  return [...searched, ...stored];
}

function comparisonOf({ mode, switching }: SearchedAttribute): AttributeComparison {
  return {
    mode: mode?.mode ?? 'concurrent',
    by: mode === null ? 'default' : mode.declared ? 'person' : 'finding',
    switchShare: mode?.switchShare ?? shareOf(switching),
  };
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
