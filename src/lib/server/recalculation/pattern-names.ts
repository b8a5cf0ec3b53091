import { createHash } from 'node:crypto';
import type { AttributeSpace } from '#lib/domain/attributes/attribute-space.ts';
import { trackedItems } from '#lib/domain/patterns/cell-of.ts';
import { conjunctionOf } from '#lib/domain/patterns/conjunction.ts';
import type { ImageView } from '#lib/domain/patterns/fold-image.ts';
import { int32At } from '#lib/domain/read-typed-array.ts';

/** How a pattern is called. `searchText`: for finding it by words, those of its label and its values as recorded. */
export interface PatternName {
  id: string;
  label: string;
  searchText: string;
  conditions: { attribute: string; value: string }[];
}

interface Named {
  readonly index: number;
  readonly ordinal: number;
  readonly slots: readonly number[];
  readonly codes: readonly number[];
}

/** An id says which conditions a pattern has, so that it stays the same whenever the log is read anew. */
export function patternIdOf(fingerprint: string): string {
  return `p_${createHash('sha256').update(fingerprint).digest('base64url').slice(0, 12)}`;
}

/** Names of tracked patterns by their birth: they never change while the space is carried on. */
export class PatternNames {
  readonly #byOrdinal = new Map<number, PatternName>();
  readonly #indexById = new Map<string, number>();

  of(space: AttributeSpace, pattern: Named): PatternName {
    const known = this.#byOrdinal.get(pattern.ordinal);
    if (known !== undefined) return known;
    const { fingerprint, label, conditions } = conjunctionOf(space, pattern.slots, pattern.codes);
    const name = {
      id: patternIdOf(fingerprint),
      label,
      searchText: [label, ...conditions.map(({ value }) => value)].join(' ').toLocaleLowerCase('en'),
      conditions: conditions.map(({ attribute, value }) => ({ attribute, value })),
    };
    this.#byOrdinal.set(pattern.ordinal, name);
    this.#indexById.set(name.id, pattern.index);
    return name;
  }

  /** Of the pattern tracked at an index, which must be taken. */
  at(space: AttributeSpace, view: ImageView, index: number): PatternName {
    const ordinal = int32At(view.ordinal, index);
    return this.#byOrdinal.get(ordinal) ?? this.of(space, { index, ordinal, ...trackedItems(view, index) });
  }

  /** Where the pattern was when it was named; somebody else may be there now. */
  lastIndexOf(id: string): number | undefined {
    return this.#indexById.get(id);
  }

  forget(): void {
    this.#byOrdinal.clear();
    this.#indexById.clear();
  }
}
