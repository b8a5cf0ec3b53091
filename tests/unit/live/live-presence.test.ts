import { describe, expect, it } from 'vitest';
import type { PersonHere } from '#lib/contracts/presence.ts';
import { LivePresence } from '#lib/live/index.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const person = (userId: string, since: number): PersonHere => ({
  userId,
  name: `The ${userId}`,
  since: at(since),
});
const rev = (second: number) => Date.parse(at(second));

function page(people: PersonHere[], seq = 10) {
  const state = { history: 'one ep0a', people, cursor: `ep0a-${seq}` };
  const presence = new LivePresence(state, {
    people: () => state.people,
    cursor: () => state.cursor,
    self: () => 'me',
  });
  return {
    state,
    joined: (who: PersonHere, place: number) =>
      presence.take(who, { op: 'upsert', c: `ep0a-${place}`, rev: Date.parse(who.since) }),
    left: (who: PersonHere, place: number, second: number) =>
      presence.take(who, { op: 'delete', c: `ep0a-${place}`, rev: rev(second) }),
    others: () => presence.others.map(({ userId }) => userId),
  };
}

describe('who is here', () => {
  it('is as rendered, without oneself, and then moves with what is told, in the order of coming', () => {
    const { joined, left, others } = page([person('me', 1), person('b', 3)]);
    expect(others()).toEqual(['b']);
    joined(person('c', 5), 11);
    joined(person('a', 2), 12);
    joined(person('me', 6), 13);
    expect(others()).toEqual(['a', 'b', 'c']);
    left(person('b', 3), 14, 7);
    expect(others()).toEqual(['a', 'c']);
  });

  it('stays the same when something comes again, or comes late', () => {
    const { joined, left, others } = page([]);
    joined(person('a', 1), 11);
    joined(person('a', 1), 11);
    left(person('a', 1), 12, 4);
    left(person('a', 1), 12, 4);
    expect(others()).toEqual([]);
    joined(person('a', 1), 11);
    expect(others()).toEqual([]);
    joined(person('a', 5), 13);
    left(person('a', 1), 12, 4);
    expect(others()).toEqual(['a']);
  });

  it('a page that is read again has what was told before it, and is not put back by what it has already', () => {
    const { state, joined, left, others } = page([]);
    joined(person('gone', 1), 11);
    joined(person('stays', 2), 12);
    // Read after place 20, before which "gone" left unheard.
    state.people = [person('stays', 2), person('back', 9)];
    state.cursor = 'ep0a-20';
    expect(others()).toEqual(['stays', 'back']);
    // Of before the coming that the page has.
    left(person('back', 3), 21, 8);
    expect(others()).toEqual(['stays', 'back']);
  });

  it('of one history is not shown in another', () => {
    const { state, joined, others } = page([]);
    joined(person('a', 1), 11);
    state.history = 'two ep0a';
    expect(others()).toEqual([]);
  });
});
