import postgres from 'postgres';
import { afterEach, expect, it } from 'vitest';
import { createSequencer } from '#lib/server/event-log/index.ts';
import { until } from '../../event-log/support.ts';
import { Cluster, lasting } from './cluster.ts';
import { choices, scale } from './seed.ts';
import { writeOnce } from './workload.ts';

/** F1 to F3: what writers and sequencers do to each other. */
let cluster: Cluster;
afterEach(() => cluster.stop());
const deadlineMs = 120_000 * scale;

it(
  'F1: sixteen writers, random transactions, one in ten rolled back: every client of two instances has everything',
  async () => {
    cluster = await Cluster.start(2);
    await cluster.follow(12);
    const writers = cluster.writers(16, { openMs: 500 });
    await lasting(2_500 * scale);
    const written = await writers.stop();
    await cluster.expectComplete();
    console.info(`F1: ${written} transactions`);
    expect(cluster.followers.flatMap(({ resets }) => resets)).toEqual([]);
  },
  deadlineMs,
);

it(
  'F2: a writer that keeps its transaction open, here or in another database, holds nobody up',
  async () => {
    cluster = await Cluster.start(2);
    await cluster.follow(4);
    const elsewhere = new URL(cluster.db.url);
    elsewhere.pathname = '/postgres';
    const other = postgres(elsewhere.href, { max: 1 });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const hold = (tx: { unsafe(text: string): PromiseLike<unknown> }) =>
      Promise.resolve(tx.unsafe('select pg_current_xact_id()')).then(() => held);
    const slow = writeOnce({ ...cluster.workload(), random: () => 0.5, openMs: 4_000 });
    const open = [cluster.db.sql.begin(hold), other.begin(hold)];
    try {
      await Promise.all(Array.from({ length: 20 }, () => writeOnce(cluster.workload())));
      // Everything that was committed, while the three are still open.
      await until(
        () => Math.min(...cluster.followers.map(({ places }) => places.length)),
        (least) => least >= 18,
        3_000,
      );
    } finally {
      release();
      await Promise.all([...open, slow]);
      await other.end();
    }
    await cluster.expectComplete();
  },
  deadlineMs,
);

/** What a second leader does that believes in itself: it places what waits, without holding the lock. */
async function placeAsAnotherLeader(): Promise<void> {
  await cluster.db.sql`
    with head as materialized (
      select seq from feed_head where id = 'feed' for update
    ), numbered as materialized (
      select wid, (select seq from head) + row_number() over (order by wid) as seq
      from (select wid from feed_outbox where seq is null order by wid limit 50) as batch
    ), placed as (
      update feed_outbox as o set seq = n.seq, sequenced_at = clock_timestamp()
      from numbered as n where o.wid = n.wid and o.seq is null returning o.seq
    )
    update feed_head set seq = (select max(seq) from placed)
    where id = 'feed' and exists (select 1 from placed)`;
}

it(
  'F3: sequencers are killed and doubled while writers write: nothing is lost, doubled or out of order',
  async () => {
    cluster = await Cluster.start(2);
    await cluster.follow(8);
    const random = choices('leaders');
    const writers = cluster.writers(8, { openMs: 20 });
    const extra = createSequencer({ url: cluster.db.url, doorbell: cluster.instance(0).server.doorbell });
    extra.start();
    for (let round = 0; round < 4 * scale; round += 1) {
      await lasting(300 + random() * 300);
      if (round % 2 === 0) {
        await cluster.db.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'telltale sequencer' and datname = current_database()`;
      } else {
        await placeAsAnotherLeader();
      }
    }
    await writers.stop();
    await cluster.expectComplete();
    await extra.stop();
    expect(cluster.followers.flatMap(({ resets }) => resets)).toEqual([]);
  },
  deadlineMs,
);
