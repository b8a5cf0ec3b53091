import type { PersonHere } from '#lib/contracts/presence.ts';

/** The last that the feed said of somebody. */
export interface PresenceChange {
  person: PersonHere;
  here: boolean;
  /** Place in the feed. */
  seq: number;
  rev: number;
}

/** Changes with one more; of each person the newest. */
export function takeChange(
  changes: readonly PresenceChange[],
  change: PresenceChange,
): readonly PresenceChange[] {
  const isOf = ({ person }: PresenceChange) => person.userId === change.person.userId;
  const known = changes.find(isOf);
  if (known !== undefined && known.rev > change.rev) return changes;
  return [...changes.filter((other) => !isOf(other)), change];
}

/**
 * Who was here when a page was read, with what the feed told since; who came first is first.
 * @param readAfter place in the feed that the page was read after
 */
export function peopleHere(
  people: readonly PersonHere[],
  changes: readonly PresenceChange[],
  readAfter: number,
): PersonHere[] {
  const byId = new Map(people.map((person) => [person.userId, person]));
  for (const { person, here, seq, rev } of changes) {
    const known = byId.get(person.userId);
    // The page has what came before it, and may have more than its place says.
    if (seq <= readAfter || (known !== undefined && rev < Date.parse(known.since))) continue;
    if (here) byId.set(person.userId, person);
    else byId.delete(person.userId);
  }
  return [...byId.values()].sort(
    (a, b) => Date.parse(a.since) - Date.parse(b.since) || a.name.localeCompare(b.name),
  );
}
