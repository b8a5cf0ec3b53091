import { describe, expect, it } from 'vitest';
import { uuidsV7 } from '#lib/server/uuid-v7.ts';

describe('uuidsV7', () => {
  it('gives valid ids of version 7 in increasing order, far beyond what one counter of 12 bits holds', () => {
    const ids = uuidsV7(50_000, 1_790_000_000_000);
    expect(new Set(ids).size).toBe(50_000);
    expect([...ids].sort()).toEqual(ids);
    for (const id of [ids[0], ids[49_999]]) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it('carries the time in milliseconds', () => {
    const [id = ''] = uuidsV7(1, 1_790_000_000_123);
    expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(1_790_000_000_123);
  });
});
