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

/** A page that was read at second 10. */
function page(people: PersonHere[], { count = people.length, seq = 10 } = {}) {
  const state = { history: 'one ep0a', people, cursor: `ep0a-${seq}`, count, readAt: 10 };
  const presence = new LivePresence(state, {
    others: () => ({ items: state.people, count: state.count, at: at(state.readAt) }),
    cursor: () => state.cursor,
    self: () => 'me',
  });
  return {
    state,
    joined: (who: PersonHere, place: number) =>
      presence.take(who, { op: 'upsert', c: `ep0a-${place}`, rev: Date.parse(who.since) }),
    left: (who: PersonHere, place: number, second: number) =>
      presence.take(who, { op: 'delete', c: `ep0a-${place}`, rev: rev(second) }),
    others: () => presence.others.people.map(({ userId }) => userId),
    count: () => presence.others.count,
  };
}

describe('who is here', () => {
  it('is as rendered, without oneself, and then moves with what is told, in the order of coming', () => {
    const { joined, left, others } = page([person('b', 3)]);
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
    Object.assign(state, { cursor: 'ep0a-20', count: 2 });
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

  it('is known by name of fifty, and of the others by number', () => {
    const first = Array.from({ length: 50 }, (_, i) => person(`p${i}`, 1));
    const { state, joined, left, others, count } = page(first, { count: 1_000 });
    const moves: [() => void, number][] = [
      [() => joined(person('new', 11), 11), 1_001],
      [() => joined(person('new', 11), 11), 1_001],
      // One of those without a name, who was counted, left and came back.
      [() => left(person('unnamed', 2), 12, 12), 1_000],
      [() => left(person('unnamed', 2), 12, 12), 1_000],
      [() => joined(person('unnamed', 13), 13), 1_001],
      [() => left(person('unnamed', 13), 14, 14), 1_000],
      [() => left(person('new', 11), 15, 15), 999],
      [() => left(person('p7', 1), 16, 16), 998],
      // Told of before the page was read.
      [() => joined(person('early', 9), 17), 998],
      [() => left(person('earlier', 3), 18, 8), 998],
    ];
    for (const [move, expected] of moves) {
      move();
      expect(count()).toBe(expected);
    }
    expect([others().length, others().includes('p7')]).toEqual([50, false]);
    Object.assign(state, { people: first.slice(1), count: 600, readAt: 20, cursor: 'ep0a-18' });
    expect(count()).toBe(600);
    left(person('p9', 1), 19, 21);
    expect(count()).toBe(599);
  });
});
