import type { AttributeSpace } from './attribute-space.ts';
import { resolveCondition } from './resolve-condition.ts';
import type { ChoiceDecision } from './setting-entry.ts';

/** Conditions that a pattern has at most. */
const MOST_CONDITIONS = 3;

/**
 * The items of a chosen conjunction, slots ascending; null where one is no item, or comes twice. By their labels alone:
 * what was decided about a bin that is no more is about no other.
 */
export function resolveChoice(
  space: AttributeSpace,
  { conditions }: ChoiceDecision['payload'],
): { readonly slots: readonly number[]; readonly codes: readonly number[] } | null {
  if (conditions.length === 0 || conditions.length > MOST_CONDITIONS) return null;
  const items: { readonly slot: number; readonly code: number }[] = [];
  for (const { attribute, value } of conditions) {
    const found = resolveCondition(space, attribute, value, 'label');
    if (found.kind !== 'item' || items.some(({ slot }) => slot === found.slot)) return null;
    items.push(found);
  }
  items.sort((a, b) => a.slot - b.slot);
  return { slots: items.map(({ slot }) => slot), codes: items.map(({ code }) => code) };
}
