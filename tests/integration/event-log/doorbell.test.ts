import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDoorbell, type DoorbellService } from '#lib/server/event-log/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { until, workspaceId } from './support.ts';

let db: TestDatabase;
let bells: DoorbellService[] = [];

beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(async () => {
  for (const bell of bells.splice(0)) await bell.stop();
  await db.drop();
});

async function pair(): Promise<[DoorbellService, DoorbellService]> {
  const [a, b] = [createDoorbell({ url: db.url }), createDoorbell({ url: db.url })];
  bells = [a, b];
  await a.start();
  await b.start();
  await until(
    () => [a.others, b.others],
    ([x, y]) => x === 1 && y === 1,
  );
  return [a, b];
}

describe('the doorbell', () => {
  it('rings in its own process at once, also when it hears no other', () => {
    const bell = createDoorbell({ url: db.url });
    const heard: unknown[] = [];
    bell.onLog((id) => heard.push(id));
    bell.onFeed(() => heard.push('feed'));
    bell.onSequenced((seq) => heard.push(seq));
    bell.ringLog('w');
    bell.ringFeed();
    bell.ringSequenced(7);
    expect(heard).toEqual(['w', 'feed', 7]);
  });

  it('lets one listener fail without the others or the one who rings', () => {
    const bell = createDoorbell({ url: db.url });
    const heard: string[] = [];
    bell.onLog(() => {
      throw new Error('broken listener');
    });
    const off = bell.onLog((id) => heard.push(id));
    bell.ringLog('a');
    off();
    bell.ringLog('b');
    expect(heard).toEqual(['a']);
  });

  it('rings at other instances, once each and not twice at home', async () => {
    const [a, b] = await pair();
    const atHome: unknown[] = [];
    const abroad: unknown[] = [];
    const id = workspaceId();
    for (const [bell, list] of [
      [a, atHome],
      [b, abroad],
    ] as const) {
      bell.onLog((workspace) => list.push(workspace));
      bell.onFeed(() => list.push('feed'));
      bell.onSequenced((seq) => list.push(seq));
    }
    a.ringLog(id);
    a.ringFeed();
    a.ringSequenced(12);
    await until(
      () => abroad.length,
      (length) => length >= 3,
    );
    expect(new Set(abroad)).toEqual(new Set([id, 'feed', 12]));
    expect(abroad).toHaveLength(3);
    expect(atHome).toEqual([id, 'feed', 12]);
  });

  it('sends one of a workspace in 20 ms and drops none of another', async () => {
    const [a, b] = await pair();
    const abroad = new Map<string, number>();
    b.onLog((workspace) => abroad.set(workspace, (abroad.get(workspace) ?? 0) + 1));
    const begun = performance.now();
    const ids = Array.from({ length: 5 }, workspaceId);
    while (performance.now() - begun < 200) {
      for (const id of ids) a.ringLog(id);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const took = performance.now() - begun;
    const last = workspaceId();
    a.ringLog(last);
    await until(
      () => abroad.has(last),
      (has) => has,
    );
    for (const id of ids) {
      expect(abroad.get(id)).toBeGreaterThan(2);
      expect(abroad.get(id)).toBeLessThanOrEqual(took / 20 + 3);
    }
  });

  it('hears again after its connections were killed', async () => {
    const [a, b] = await pair();
    await db.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'telltale doorbell'`;
    const seen: number[] = [];
    b.onSequenced((seq) => seen.push(seq));
    let seq = 100;
    await until(
      () => {
        a.ringSequenced((seq += 1));
        return seen.filter((n) => n >= 100).length;
      },
      (length) => length > 0,
      15_000,
    );
    expect(seen.length).toBeGreaterThan(0);
  }, 30_000);

  it('starts without a database and stops at once', async () => {
    const bell = createDoorbell({ url: 'postgres://nobody@127.0.0.1:1/none' });
    await bell.start();
    expect(bell.listening).toBe(false);
    const begun = performance.now();
    await bell.stop();
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
