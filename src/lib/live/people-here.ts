import { MOST_OTHERS, type OthersHere } from '#lib/contracts/others-here.ts';
import type { PersonHere } from '#lib/contracts/presence.ts';

/** The last that the feed said of somebody. */
export interface PresenceChange {
  person: PersonHere;
  here: boolean;
  /** Place in the feed. */
  seq: number;
  rev: number;
}

/** What the feed told since the page was read. */
export interface PresenceChanges {
  /** Of each person the newest. */
  readonly newest: readonly PresenceChange[];
  /** Of each person the first leave of a visit that a page may count. */
  readonly leaves: readonly PresenceChange[];
}

export const NO_CHANGES: PresenceChanges = { newest: [], leaves: [] };

/** Who else is here, as it is shown. */
export interface Others {
  /** The first that came, of those whose names the page has. */
  people: readonly PersonHere[];
  /** Of all. */
  count: number;
}

const isOf =
  ({ person: { userId } }: PresenceChange) =>
  ({ person }: PresenceChange) =>
    person.userId === userId;

/** The visit was under way at `at`, by what the feed told of its end. */
const spans = ({ person, rev }: PresenceChange, at: number) => Date.parse(person.since) <= at && rev > at;

/** Changes with one more. @param at when the page was read */
export function takeChange(
  { newest, leaves }: PresenceChanges,
  change: PresenceChange,
  at: number,
): PresenceChanges {
  const known = newest.find(isOf(change));
  const isNew = known === undefined || known.rev <= change.rev;
  const isCounted = !change.here && spans(change, at);
  return {
    newest: isNew ? [...newest.filter((other) => !isOf(change)(other)), change] : newest,
    leaves: isCounted
      ? [...leaves.filter((other) => spans(other, at) && !isOf(change)(other)), change]
      : leaves,
  };
}

/**
 * Who else was here when a page was read, with what the feed told since; who came first is first. Of those without a
 * name on the page, a visit that began since counts one more, one that was counted and has ended one less.
 * @param readAfter place in the feed that the page was read after
 */
export function othersHere(read: OthersHere, { newest, leaves }: PresenceChanges, readAfter: number): Others {
  const at = Date.parse(read.at);
  const byId = new Map(read.items.map((person) => [person.userId, person]));
  let came = 0;
  for (const { person, here, seq, rev } of newest) {
    const known = byId.get(person.userId);
    // The page has what came before it, and may have more than its place says.
    if (seq <= readAfter || (known !== undefined && rev < Date.parse(known.since))) continue;
    if (here) byId.set(person.userId, person);
    else byId.delete(person.userId);
    if (here && Date.parse(person.since) > at) came += 1;
  }
  const left = leaves.filter((leave) => leave.seq > readAfter && spans(leave, at)).length;
  const people = [...byId.values()].sort(
    (a, b) => Date.parse(a.since) - Date.parse(b.since) || a.name.localeCompare(b.name),
  );
  const isWhole = read.count === read.items.length;
  return {
    people: people.slice(0, MOST_OTHERS),
    count: isWhole ? people.length : Math.max(read.count + came - left, people.length),
  };
}
