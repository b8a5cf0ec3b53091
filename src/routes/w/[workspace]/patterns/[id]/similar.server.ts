import type { PatternView } from '#lib/contracts/pattern.ts';

const SHOWN = 6;

const keysOf = (pattern: PatternView) =>
  pattern.conditions.map((c) => JSON.stringify([c.attribute, c.value]));

/** Patterns with one condition less or one more, the strongest first as listed. */
export function similarTo(pattern: PatternView, listed: readonly PatternView[]): PatternView[] {
  const own = new Set(keysOf(pattern));
  return listed
    .filter((other) => {
      if (other.id === pattern.id) return false;
      const keys = keysOf(other);
      const shared = keys.filter((key) => own.has(key)).length;
      const fewer = keys.length === own.size - 1 && shared === keys.length;
      const more = keys.length === own.size + 1 && shared === own.size;
      return fewer || more;
    })
    .sort((a, b) => a.conditions.length - b.conditions.length)
    .slice(0, SHOWN);
}
