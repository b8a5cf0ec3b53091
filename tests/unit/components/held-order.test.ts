import { describe, expect, it } from 'vitest';
import { HeldOrder, settlesIn } from '#lib/components/ui/held-order.svelte.ts';

/** The element around the rows, with the pointer or the keyboard in it. */
class Rows {
  inside = {};
  pointer = false;
  keyboard = false;
  contains = (node: unknown) => node === this.inside;
  matches = (selector: string) => selector === ':hover' && this.pointer;
  querySelector = (selector: string) => (selector === ':focus-visible' && this.keyboard ? this.inside : null);
}

function setUp() {
  let items = [{ id: 'a' }, { id: 'b' }];
  const held = new HeldOrder(() => items);
  const rows = new Rows();
  const { onpointerenter, onpointerleave, onfocusin, onfocusout } = held.whileUsed;
  const event = (more: object = {}) => ({ currentTarget: rows, relatedTarget: null, ...more }) as never;
  return {
    rows,
    order: () => held.rows.map(({ id }) => id).join(''),
    swap: () => (items = items.toReversed()),
    readOn(id: string) {
      items = [...items, { id }];
      held.extend();
    },
    pointer(over: boolean) {
      rows.pointer = over;
      if (over) onpointerenter();
      else onpointerleave(event());
    },
    focus() {
      rows.keyboard = true;
      onfocusin();
    },
    blur(to: unknown = null) {
      rows.keyboard = to === rows.inside;
      onfocusout(event({ relatedTarget: to }));
    },
  };
}

describe('an order that is held', () => {
  it('stays while the pointer is over the rows', () => {
    const { order, swap, pointer } = setUp();
    pointer(true);
    swap();
    expect(order()).toBe('ab');
    pointer(false);
    expect(order()).toBe('ba');
  });

  it('shows rows that were asked for at its end, held or not', () => {
    const { order, swap, pointer, readOn } = setUp();
    readOn('c');
    expect(order()).toBe('abc');
    pointer(true);
    swap();
    readOn('d');
    expect(order()).toBe('abcd');
    pointer(false);
    expect(order()).toBe('cbad');
  });

  it('stays while the keyboard is in a row, also when it goes from one to the next', () => {
    const { order, swap, focus, blur, rows } = setUp();
    focus();
    swap();
    blur(rows.inside);
    expect(order()).toBe('ab');
    blur();
    expect(order()).toBe('ba');
  });

  it('stays until both have gone, whichever goes first', () => {
    for (const first of ['pointer', 'keyboard'] as const) {
      const { order, swap, pointer, focus, blur } = setUp();
      pointer(true);
      focus();
      swap();
      if (first === 'pointer') pointer(false);
      else blur();
      expect(order()).toBe('ab');
      if (first === 'pointer') blur();
      else pointer(false);
      expect(order()).toBe('ba');
    }
  });
});

const rows = (...ids: string[]) => ids.map((id) => ({ id }));

describe('rows that change places', () => {
  it('do so at once after a quiet time, else when two seconds are over, and not for new figures alone', () => {
    const shown = rows('a', 'b', 'c');
    const after = (newest: { id: string }[], elapsedMs: number) =>
      settlesIn(shown, newest, { elapsedMs, settleMs: 2_000 });
    expect(after(rows('a', 'b', 'c'), 60_000)).toBe(null);
    expect(after(rows('b', 'a', 'c'), 60_000)).toBe(0);
    expect(after(rows('b', 'a', 'c'), 500)).toBe(1_500);
    expect(after(rows('a', 'b'), 1_999)).toBe(1);
    expect(after(rows('a', 'b', 'c', 'd'), 2_000)).toBe(0);
    expect(after(rows('x', 'y'), 10)).toBe(0);
  });
});
