import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  appendEvents,
  createDoorbell,
  createSequencer,
  ensurePartitions,
  readAfter,
  readCursor,
  readHead,
  readOldest,
} from '#lib/server/event-log/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { appendNote, until, workspaceId } from './support.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase({ max: 10 });
});
afterEach(() => db.drop());

const partitions = async () =>
  (
    await db.sql<{ name: string }[]>`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'feed_outbox'::regclass order by 1`
  ).map(({ name }) => name);
const day = async (ahead: number) =>
  (
    await db.sql<{ name: string }[]>`
    select 'feed_outbox_' || to_char((now() at time zone 'utc')::date + ${ahead}::int, 'YYYYMMDD') as name`
  )[0]?.name ?? '';

describe('the outbox', () => {
  it('has a partition for today and the two days after, however many instances make them at once', async () => {
    await Promise.all(Array.from({ length: 6 }, () => ensurePartitions(db.database)));
    expect(await partitions()).toEqual([await day(0), await day(1), await day(2), 'feed_outbox_default']);
    const indexes =
      await db.sql`select 1 from pg_indexes where indexname = ${`${await day(0)}_seq`} and indexdef like '%UNIQUE%'`;
    expect(indexes).toHaveLength(1);
  });

  it('takes events before its partitions exist and moves them to the day they belong to', async () => {
    await appendNote(db.sql, workspaceId(), 'early');
    await ensurePartitions(db.database);
    expect(await db.sql`select key from ${db.sql(await day(0))}`).toMatchObject([{ key: 'early' }]);
    expect(await db.sql`select key from feed_outbox_default`).toHaveLength(0);
  });

  it('drops days older than the retention, but none with an event that has no place yet', async () => {
    for (const ahead of [-9, -8, -7]) {
      const name = await day(ahead);
      const [bounds] = await db.sql<{ from: string; to: string }[]>`
        select ((now() at time zone 'utc')::date + ${ahead}::int)::text as "from", ((now() at time zone 'utc')::date + ${ahead + 1}::int)::text as "to"`;
      await db.sql.unsafe(
        `create table "${name}" partition of feed_outbox for values from ('${bounds?.from} 00:00+00') to ('${bounds?.to} 00:00+00')`,
      );
    }
    await db.sql`
      insert into feed_outbox (workspace_id, topic, type, op, key, rev, payload, created_at, seq) values
        (gen_random_uuid(), 'system', 'workspace.changed', 'upsert', 'placed', 1, '{}', now() - interval '8 days', 1),
        (gen_random_uuid(), 'system', 'workspace.changed', 'upsert', 'waiting', 1, '{}', now() - interval '9 days', null)`;
    await ensurePartitions(db.database, 7);
    expect(await partitions()).not.toContain(await day(-8));
    expect(await partitions()).toEqual(expect.arrayContaining([await day(-9), await day(-7), await day(0)]));
  });

  it('remembers the highest place that went with a day, below which the next day is not complete', async () => {
    const name = await day(-8);
    const [bounds] = await db.sql<{ from: string; to: string }[]>`
      select ((now() at time zone 'utc')::date - 8)::text as "from", ((now() at time zone 'utc')::date - 7)::text as "to"`;
    await db.sql.unsafe(
      `create table "${name}" partition of feed_outbox for values from ('${bounds?.from} 00:00+00') to ('${bounds?.to} 00:00+00')`,
    );
    await readHead(db.sql);
    // Written before midnight by a transaction that committed after it, in which another had got its place already.
    await db.sql`
      insert into feed_outbox (workspace_id, topic, type, op, key, rev, payload, created_at, seq) values
        (gen_random_uuid(), 'system', 'workspace.changed', 'upsert', 'late', 1, '{}', now() - interval '8 days', 5),
        (gen_random_uuid(), 'system', 'workspace.changed', 'upsert', 'early', 1, '{}', now(), 4),
        (gen_random_uuid(), 'system', 'workspace.changed', 'upsert', 'next', 1, '{}', now(), 6)`;
    expect(await readOldest(db.sql)).toBe(4);
    await ensurePartitions(db.database, 7);
    expect(await partitions()).not.toContain(name);
    expect(await readOldest(db.sql)).toBe(6);
  });

  it('gives each database one random epoch, for good', async () => {
    const cursors = await Promise.all(Array.from({ length: 8 }, () => readCursor(db.sql)));
    expect(new Set(cursors).size).toBe(1);
    expect(cursors[0]).toMatch(/^[0-9a-f]{8}-0$/);
    const second = await createTestDatabase();
    try {
      expect((await readHead(second.sql)).epoch).not.toBe((await readHead(db.sql)).epoch);
    } finally {
      await second.drop();
    }
  });

  it('keeps the order of one call and texts that PostgreSQL would refuse', async () => {
    const workspace = workspaceId();
    const odd = `a\0b\ud800c\u2028d\u0085e\\u0000f😀`;
    await appendEvents(db.sql, workspace, [
      { type: 'workspace.changed', key: 'first', rev: 1.5, value: { id: odd } },
      ...Array.from({ length: 500 }, (_, n) => ({
        type: 'workspace.changed' as const,
        op: 'delete' as const,
        key: `k${n}`,
        rev: n,
        value: { id: 'x' },
        scope: 'role:admin',
      })),
    ]);
    const doorbell = createDoorbell({ url: db.url });
    const sequencer = createSequencer({ url: db.url, doorbell });
    sequencer.start();
    try {
      await until(
        () => readHead(db.sql),
        (head) => head.seq === 501,
      );
      const rows = await readAfter(db.sql, 0, 1_000);
      expect(rows.map((row) => row.key)).toEqual([
        'first',
        ...Array.from({ length: 500 }, (_, n) => `k${n}`),
      ]);
      expect(rows[0]).toMatchObject({
        seq: 1,
        workspaceId: workspace,
        rev: 1.5,
        op: 'upsert',
        scope: 'workspace',
        topic: 'system',
      });
      expect(rows[1]).toMatchObject({ op: 'delete', scope: 'role:admin' });
      expect(JSON.parse(rows[0]?.payload ?? '')).toEqual({ id: `a\ufffdb\ufffdc\u2028d\u0085e\\u0000f😀` });
      expect(Math.abs((rows[0]?.t ?? 0) - Date.now())).toBeLessThan(60_000);
    } finally {
      await sequencer.stop();
    }
  });
});
