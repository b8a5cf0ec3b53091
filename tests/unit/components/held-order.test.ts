import { describe, expect, it } from 'vitest';
import { settlesIn } from '#lib/components/ui/held-order.svelte.ts';

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
  });
});
