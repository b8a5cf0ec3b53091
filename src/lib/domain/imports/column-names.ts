import { isAttributeKey } from '../outcomes/attribute-key.ts';

/** Names of the columns from a header: trimmed, the nameless numbered, repeated ones told apart. */
export function columnNames(header: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return header.map((cell, index) => {
    const name = cell.trim().replace(/\s+/gu, ' ') || `Column ${index + 1}`;
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} (${times})`;
  });
}

/** A column's name as an attribute's: no colons, at most 64 characters, not the one name that objects keep for themselves. */
export function attributeKeyOf(name: string): string {
  const key = name
    .replace(/[:\0]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim()
    .slice(0, 64)
    // The cut may have left half of a pair.
    .replace(/\p{Surrogate}$/u, '')
    .trim();
  return isAttributeKey(key) && key !== '__proto__' ? key : 'column';
}
