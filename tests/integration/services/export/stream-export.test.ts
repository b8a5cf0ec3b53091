import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '#lib/server/context.ts';
import { streamExport } from '#lib/server/services/export/index.ts';
import { recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { createTestApp, createTestWorkspace, testContext } from '../../../support/test-workspace.ts';

let db: TestDatabase;
let ctx: Context;
let shutdown: AbortController;
let faults: unknown[];
let broken: number;
const watched = { onFault: (thrown: unknown) => void faults.push(thrown), onBroken: () => void broken++ };

beforeAll(async () => {
  db = await createTestDatabase({ max: 2 });
});
beforeEach(async () => {
  faults = [];
  broken = 0;
  shutdown = new AbortController();
  const app = await createTestApp(db.database, { draining: shutdown.signal });
  ctx = testContext(app, await createTestWorkspace(db.database));
  const many = Array.from({ length: 4_500 }, () => ({ subject: 's', result: 'failure' }));
  await recordOutcomes(ctx, many, { source: 'api' });
});
afterAll(() => db.drop());

describe('an export over HTTP', () => {
  it('arrives whole', async () => {
    const text = await new Response(streamExport(ctx, 'ndjson', watched)).text();
    expect(text.trim().split('\n')).toHaveLength(4_500);
    expect({ faults, broken }).toEqual({ faults: [], broken: 0 });
  });

  it('is broken off when nobody reads it, and blames nobody', async () => {
    const reader = streamExport(ctx, 'ndjson', { ...watched, stallMs: 50 }).getReader();
    await reader.read();
    await expect.poll(() => broken).toBe(1);
    await expect(reader.closed).rejects.toThrow('Nobody reads');
    expect(faults).toEqual([]);
  });

  it('leaves the pool to others while many stand still', async () => {
    const readers = Array.from({ length: 6 }, () => streamExport(ctx, 'ndjson', watched).getReader());
    await Promise.all(readers.map((reader) => reader.read()));
    expect(await db.sql`select 1 as one`).toEqual([{ one: 1 }]);
    await Promise.all(readers.map((reader) => reader.cancel()));
    await expect.poll(() => broken).toBe(6);
  }, 30_000);

  it('ends quietly when its reader leaves', async () => {
    const reader = streamExport(ctx, 'ndjson', watched).getReader();
    await reader.read();
    await reader.cancel();
    await expect.poll(() => broken).toBe(1);
    expect(faults).toEqual([]);
  });

  it('ends when the server stops', async () => {
    const reader = streamExport(ctx, 'ndjson', watched).getReader();
    await reader.read();
    shutdown.abort();
    await expect(reader.closed).rejects.toThrow('The server stops');
    await expect.poll(() => broken).toBe(1);
    expect(faults).toEqual([]);
  });

  it('reports a fault of ours', async () => {
    const failing = { ...ctx, permissions: new Set<never>() };
    await expect(new Response(streamExport(failing, 'ndjson', watched)).text()).rejects.toThrow();
    expect(faults).toHaveLength(1);
  });
});
