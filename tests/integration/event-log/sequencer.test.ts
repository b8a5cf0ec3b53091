import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createDoorbell,
  createSequencer,
  ensurePartitions,
  readHead,
  type Sequencer,
} from '#lib/server/event-log/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { TcpProxy } from '../feed/faults/tcp-proxy.ts';
import { appendNote, until, workspaceId } from './support.ts';

let db: TestDatabase;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  db = await createTestDatabase({ max: 20 });
  await ensurePartitions(db.database);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await db.drop();
});

function startSequencer(doorbell = createDoorbell({ url: db.url })): Sequencer {
  const sequencer = createSequencer({ url: db.url, doorbell });
  sequencer.start();
  stops.push(() => sequencer.stop());
  return sequencer;
}

const outbox = () =>
  db.sql<{ key: string; seq: number | null }[]>`select key, seq from feed_outbox order by seq`;
const waiting = async () => (await db.sql`select 1 from feed_outbox where seq is null`).length;

/** Transactions of random length that write one or more events each; some are rolled back. */
async function write(writer: number, transactions: number, written: Set<string>): Promise<void> {
  const workspace = workspaceId();
  for (let n = 0; n < transactions; n += 1) {
    const keys = Array.from({ length: 1 + Math.floor(Math.random() * 3) }, (_, i) => `${writer}/${n}/${i}`);
    const fails = Math.random() < 0.1;
    try {
      await db.sql.begin(async (tx) => {
        for (const key of keys) await appendNote(tx, workspace, key);
        await tx`select pg_sleep(${Math.random() * 0.02})`;
        if (fails) throw new Error('rolled back');
      });
      for (const key of keys) written.add(key);
    } catch (thrown) {
      if (!fails) throw thrown;
    }
  }
}

async function expectComplete(written: ReadonlySet<string>): Promise<void> {
  await until(waiting, (count) => count === 0);
  const rows = await outbox();
  expect(rows.map((row) => row.seq)).toEqual(rows.map((_, index) => index + 1));
  expect(new Set(rows.map((row) => row.key))).toEqual(written);
  expect((await readHead(db.sql)).seq).toBe(rows.length);
}

describe('the sequencer', () => {
  it('gives every committed event of eight writers one place without gaps, and none to what was rolled back', async () => {
    startSequencer();
    const written = new Set<string>();
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer, 60, written)));
    await expectComplete(written);
  });

  it('keeps the order of transactions that follow each other', async () => {
    const doorbell = createDoorbell({ url: db.url });
    startSequencer(doorbell);
    const workspace = workspaceId();
    for (let n = 0; n < 200; n += 1) {
      await appendNote(db.sql, workspace, String(n));
      if (n % 7 === 0) doorbell.ringFeed();
    }
    await until(waiting, (count) => count === 0);
    expect((await outbox()).map((row) => row.key)).toEqual(Array.from({ length: 200 }, (_, n) => String(n)));
  });

  it('loses and doubles nothing while leaders are killed, and another takes over within two seconds', async () => {
    const sequencers = [startSequencer(), startSequencer(), startSequencer()];
    await until(
      () => sequencers.filter((s) => s.leading).length,
      (count) => count === 1,
    );
    const written = new Set<string>();
    const writers = Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer, 80, written)));
    for (let kill = 0; kill < 4; kill += 1) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      const killed = await db.sql<{ pid: number }[]>`
        select pid from pg_locks where locktype = 'advisory' and objid = 7411011 and granted
          and database = (select oid from pg_database where datname = current_database())`;
      expect(killed.length).toBeLessThanOrEqual(1);
      for (const { pid } of killed) await db.sql`select pg_terminate_backend(${pid})`;
      const before = Date.now();
      await appendNote(db.sql, workspaceId(), `after kill ${kill}`);
      written.add(`after kill ${kill}`);
      await until(waiting, (count) => count === 0, 3_000).catch(() => undefined);
      const took = await until(
        () => db.sql`select 1 from feed_outbox where key = ${`after kill ${kill}`} and seq is not null`,
        (rows) => rows.length === 1,
        2_000,
      ).then(() => Date.now() - before);
      expect(took).toBeLessThan(5_000);
    }
    await writers;
    await expectComplete(written);
  });

  it('does not let a leader write that was replaced without noticing', async () => {
    // Two at once: the second one's lock is forced by letting go of the first one's behind its back.
    const first = startSequencer();
    await until(
      () => first.leading,
      (leading) => leading,
    );
    const written = new Set<string>();
    const writers = Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer, 60, written)));
    // The head moves by another hand, as a forced second leader would move it.
    for (let n = 0; n < 20; n += 1) {
      await db.sql`
        with head as (select seq from feed_head where id = 'feed' for update),
        batch as (select wid, row_number() over (order by wid) as place from feed_outbox where seq is null order by wid limit 5),
        placed as (
          update feed_outbox o set seq = head.seq + batch.place from batch, head
          where o.wid = batch.wid and o.seq is null
            and head.seq = (select seq from feed_head where id = 'feed') returning o.seq
        )
        update feed_head set seq = (select max(seq) from placed) where exists (select 1 from placed)`.catch(
        () => undefined,
      );
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await writers;
    await expectComplete(written);
  });

  it('drains a backlog in batches', async () => {
    await db.sql`
      insert into feed_outbox (workspace_id, topic, type, op, key, rev, payload)
      select gen_random_uuid(), 'system', 'workspace.changed', 'upsert', n::text, 1, '{}' from generate_series(1, 20000) n`;
    const begun = performance.now();
    startSequencer();
    await until(waiting, (count) => count === 0, 20_000);
    console.info(`backlog of 20,000: ${Math.round(performance.now() - begun)} ms`);
    expect((await readHead(db.sql)).seq).toBe(20_000);
  });

  it('lets another take over from a leader that freezes', async () => {
    // A frozen process sends nothing; PostgreSQL ends its session after 5 s. Seen from the server: a session that holds the lock and is silent.
    const frozen = await db.sql.reserve();
    await frozen`set idle_session_timeout = '5s'`;
    await frozen`select pg_advisory_lock(7411011)`;
    const other = startSequencer();
    await until(
      () => other.leading,
      (leading) => leading,
      20_000,
    );
  });

  it('lets another take over from a leader that freezes within a transaction', async () => {
    const proxy = await TcpProxy.start(db.url.replace(/^postgres(ql)?:/, 'http:'));
    stops.push(() => proxy.stop());
    const url = new URL(db.url);
    url.host = new URL(proxy.through('http://x')).host;
    await readHead(db.sql);
    // It waits for this row when its connection goes dark, and gets it afterwards.
    const holder = await db.sql.reserve();
    await holder`begin`;
    await holder`select 1 from feed_head for update`;
    const frozen = createSequencer({ url: url.href, doorbell: createDoorbell({ url: db.url }) });
    frozen.start();
    stops.push(() => frozen.stop());
    await until(
      () => db.sql`select 1 from pg_stat_activity where application_name = 'telltale sequencer'
        and datname = current_database() and wait_event_type = 'Lock'`,
      (rows) => rows.length === 1,
    );
    proxy.freeze();
    await holder`commit`;
    holder.release();
    const other = startSequencer();
    await until(
      () => frozen.leading || other.leading,
      (leading) => leading,
      20_000,
    );
  });

  it('gives up a question that went dark while another led, and takes over', async () => {
    const proxy = await TcpProxy.start(db.url.replace(/^postgres(ql)?:/, 'http:'));
    stops.push(() => proxy.stop());
    const leader = startSequencer();
    await until(
      () => leader.leading,
      (leading) => leading,
    );
    const url = new URL(db.url);
    url.host = new URL(proxy.through('http://x')).host;
    const candidate = createSequencer({ url: url.href, doorbell: createDoorbell({ url: db.url }) });
    candidate.start();
    stops.push(() => candidate.stop());
    await until(
      () => db.sql`select 1 from pg_stat_activity where application_name = 'telltale sequencer'
        and datname = current_database()`,
      (rows) => rows.length === 2,
    );
    proxy.freeze();
    await leader.stop();
    await until(
      () => candidate.leading,
      (leading) => leading,
      30_000,
    );
  });
});
