import { describe, expect, it } from 'vitest';
import { RowKeys } from '#lib/components/ui/row-keys.ts';

describe('keys of rows', () => {
  it('stay with whoever stays, and are new for whoever comes', () => {
    const rows = new RowKeys();
    const [b, a] = rows.of(['b', 'a'], false);
    const [c, stillB] = rows.of(['c', 'b'], false);
    expect(stillB).toBe(b);
    expect([a, b]).not.toContain(c);
    expect(rows.of(['a'], false)).not.toContain(a);
  });

  it('go from who leaves to who comes where they are reused, each once', () => {
    const rows = new RowKeys();
    const before = rows.of(['c', 'b', 'a'], true);
    const after = rows.of(['e', 'd', 'c'], true);
    expect(after[2]).toBe(before[0]);
    expect([...after].sort()).toEqual([...before].sort());
    // Nothing has to be moved where all go.
    expect(rows.of(['h', 'g', 'i'], true)).toEqual(after);
    rows.of(['e', 'd', 'c'], true);
    const more = rows.of(['f', 'e', 'd', 'c'], true);
    expect(more.slice(1)).toEqual(after);
    expect(new Set(more).size).toBe(4);
  });

  it('do not change because rows begin or cease to be reused', () => {
    const rows = new RowKeys();
    const ids = ['b', 'a'];
    expect(rows.of(ids, true)).toEqual(rows.of(ids, false));
  });
});
