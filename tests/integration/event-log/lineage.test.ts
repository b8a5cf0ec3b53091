import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sql } from '#lib/server/db/client.ts';
import { createDoorbell, createSequencer, ensurePartitions, readHead } from '#lib/server/event-log/index.ts';
import { renewEpoch } from '#lib/server/event-log/lineage.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { appendNote, appendNotes, until, workspaceId } from './support.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
  await ensurePartitions(db.database);
});
afterEach(() => db.drop());

const stored = async () =>
  (
    await db.sql<{ value: string }[]>`select value #>> '{}' as value from instance where key = 'feed lineage'`
  )[0]?.value;

describe('the epoch', () => {
  it('stays while the database is the same, and is another once it goes on from a copy', async () => {
    const { epoch } = await readHead(db.sql);
    const on = (lineage: string | null) => renewEpoch(db.sql, { lineageOf: () => Promise.resolve(lineage) });
    expect(await on('1/00000001/5')).toBe(false);
    expect(await on('1/00000001/5')).toBe(false);
    expect(await on(null)).toBe(false);
    expect((await readHead(db.sql)).epoch).toBe(epoch);
    expect(await on('1/00000002/5')).toBe(true);
    const after = await readHead(db.sql);
    expect(after.epoch).toMatch(/^[0-9a-f]{8}$/);
    expect(after.epoch).not.toBe(epoch);
    expect(await on('1/00000002/5')).toBe(false);
    expect((await readHead(db.sql)).epoch).toBe(after.epoch);
  });

  it('is renewed once when several instances notice at the same moment', async () => {
    await readHead(db.sql);
    await renewEpoch(db.sql, { lineageOf: () => Promise.resolve('a') });
    const renewed = await Promise.all(
      Array.from({ length: 6 }, () => renewEpoch(db.sql, { lineageOf: () => Promise.resolve('b') })),
    );
    expect(renewed.filter(Boolean)).toHaveLength(1);
  });

  it('stays where a folder is told for the first time or not at all, and is another in a copy of the folder', async () => {
    const { epoch } = await readHead(db.sql);
    const on = (folder: string | null) => renewEpoch(db.sql, { folder });
    expect(await on(null)).toBe(false);
    const told: boolean[] = [];
    for (const folder of ['1@2', '1@2', null, '1@2']) told.push(await on(folder));
    expect(told).toEqual([false, false, false, false]);
    expect((await readHead(db.sql)).epoch).toBe(epoch);
    expect(await on('3@4')).toBe(true);
    expect(await on(null)).toBe(false);
    expect(await on('3@4')).toBe(false);
  });

  it('is another after a restore from a dump into the same database', async () => {
    await readHead(db.sql);
    expect(await renewEpoch(db.sql)).toBe(false);
    await db.sql`alter table feed_head rename to former`;
    await db.sql`create table feed_head (like former including all)`;
    await db.sql`insert into feed_head select * from former`;
    expect(await renewEpoch(db.sql)).toBe(true);
    expect(await renewEpoch(db.sql)).toBe(false);
  });

  it('is another, once, for those who saw more places than there are', async () => {
    const { epoch } = await readHead(db.sql);
    await db.sql`update feed_head set seq = 7`;
    const after = (seen: { epoch: string; seq: number }) => renewEpoch(db.sql, { seen });
    expect(await after({ epoch, seq: 7 })).toBe(false);
    expect(await after({ epoch: 'another1', seq: 9 })).toBe(false);
    const renewed = await Promise.all([8, 9, 10].map((seq) => after({ epoch, seq })));
    expect(renewed.filter(Boolean)).toHaveLength(1);
    expect(await readHead(db.sql)).toMatchObject({ seq: 7, epoch: expect.not.stringMatching(epoch) });
  });

  it('is renewed by the sequencer before it gives a place, and names cluster, timeline and database', async () => {
    const { epoch } = await readHead(db.sql);
    await db.sql`insert into instance (key, value) values ('feed lineage', '"another history"')`;
    await appendNote(db.sql, workspaceId(), 'x');
    const sequencer = createSequencer({ url: db.url, doorbell: createDoorbell({ url: db.url }) });
    sequencer.start();
    try {
      const head = await until(
        () => readHead(db.sql),
        ({ seq }) => seq === 1,
      );
      expect(head.epoch).not.toBe(epoch);
      expect(await stored()).toMatch(/^\d+\/[0-9A-F]{8}\/\d+$/);
    } finally {
      await sequencer.stop();
    }
  });

  it('is renewed by a sequencer that gave more places than there are, before it gives one again', async () => {
    const { epoch } = await readHead(db.sql);
    const sequencer = createSequencer({ url: db.url, doorbell: createDoorbell({ url: db.url }) });
    sequencer.start();
    const reached = (wanted: number) =>
      until(
        () => readHead(db.sql),
        ({ seq }) => seq === wanted,
      );
    try {
      await appendNotes(db.sql, workspaceId(), ['x', 'y', 'z']);
      expect((await reached(3)).epoch).toBe(epoch);
      await db.sql.begin(async (tx) => {
        await tx`delete from feed_outbox where seq > 1`;
        await tx`update feed_head set seq = 1`;
        await appendNote(tx, workspaceId(), 'after');
      });
      expect((await reached(2)).epoch).not.toBe(epoch);
    } finally {
      await sequencer.stop();
    }
  });

  it('is not taken for untold when the question is lost on the way', async () => {
    const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    await expect(renewEpoch((() => Promise.reject(lost)) as unknown as Sql)).rejects.toBe(lost);
  });

  it('can be asked about by a role that is not a superuser, and stays where it may not ask', async () => {
    const name = `plain_${randomBytes(4).toString('hex')}`;
    await db.sql.unsafe(`create role ${name} login password 'x'`);
    await db.sql.unsafe(`grant all on all tables in schema public to ${name}`);
    const url = new URL(db.url);
    url.username = name;
    url.password = 'x';
    const plain = postgres(url.href, { max: 1, onnotice: () => undefined }) as unknown as Sql;
    try {
      await readHead(db.sql);
      expect(await renewEpoch(plain)).toBe(false);
      expect(await stored()).toMatch(/^\d+\/[0-9A-F]{8}\/\d+$/);
      await db.sql.unsafe('revoke execute on function pg_current_wal_lsn() from public');
      await db.sql`update instance set value = '"another history"' where key = 'feed lineage'`;
      expect(await renewEpoch(plain)).toBe(false);
      expect(await stored()).toBe('another history');
    } finally {
      await plain.end();
      await db.sql.unsafe(`drop owned by ${name}`);
      await db.sql.unsafe(`drop role ${name}`);
    }
  });
});
