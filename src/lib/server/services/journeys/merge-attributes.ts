import type { AttributeValue } from '#lib/contracts/outcome.ts';

/** Attributes over those that were there; null and "" take one away. */
export function mergeAttributes(
  former: Readonly<Record<string, AttributeValue>>,
  given: Readonly<Record<string, AttributeValue | null>>,
): Record<string, AttributeValue> {
  const merged: [string, AttributeValue][] = [];
  for (const [key, value] of Object.entries({ ...former, ...given })) {
    if (value !== null && value !== '') merged.push([key, value]);
  }
  return Object.fromEntries(merged);
}
