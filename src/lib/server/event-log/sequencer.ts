import postgres from 'postgres';
import type { Doorbell } from '../app.ts';
import { connectionOptions, type Sql } from '../db/client.ts';
import { leaveLostTransactions } from '../db/lost-connections.ts';
import { coerceError } from '../errors.ts';
import { logger } from '../logger.ts';
import { readHead, type FeedHead } from './head.ts';
import { renewEpoch } from './lineage.ts';
import { createWaker } from './waker.ts';
import { within } from './within.ts';

/** Any number; who holds this lock of the database gives the feed's positions. */
const SEQUENCER_LOCK = 7_411_011;
const BATCH = 1_000;
/** Waiting after a batch, doubled while nothing comes: soon after work, seldom when idle. */
const SHORTEST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 250;
const CANDIDATE_WAIT_MS = 400;
const STOP_PATIENCE_MS = 1_500;
/** A statement on a connection that went dark gives no error for a quarter of an hour. */
const STATEMENT_DEADLINE_MS = 5_000;
/**
 * PostgreSQL ends the session of a leader that says nothing for so long (a frozen process, a route gone dark), so
 * that another takes over; a living one speaks at least every LONGEST_WAIT_MS.
 */
const SESSION_SILENCE = '5s';

const soon = <Result>(work: Promise<Result>): Promise<Result> => within(STATEMENT_DEADLINE_MS, work);

export interface Sequencer {
  start(): void;
  stop(): Promise<void>;
  /** This instance gives the positions. */
  readonly leading: boolean;
}

interface Step {
  mine: boolean;
  waiting: number;
  placed: number;
  seq: number | null;
}

/**
 * Gives every committed event its place in the feed: gap-free, after commit, by one instance at a time.
 *
 * The lock chooses the leader; correctness does not rest on it. A batch is one statement which takes the row
 * `feed_head` only while it still says what this leader saw last, on the very connection that holds the lock, so a
 * leader that was replaced writes nothing, whatever it believes.
 */
export function createSequencer(options: {
  url: string;
  doorbell: Doorbell;
  /** Names the folder of the database, where it is ours. */
  folder?: () => string | null;
  random?: () => number;
}): Sequencer {
  const random = options.random ?? Math.random;
  const waker = createWaker();
  let sql: Sql | null = null;
  let stopped = false;
  let leading = false;
  /** The last place that was given or found here, kept over lost connections. */
  let seen: FeedHead | null = null;
  let running: Promise<void> = Promise.resolve();
  let unsubscribe: () => void = () => undefined;

  async function run(): Promise<void> {
    while (!stopped) {
      try {
        sql ??= connect(options.url);
        await leadOrWatch(sql);
      } catch (thrown) {
        if (!stopped) logger.warn({ err: coerceError(thrown) }, 'the sequencer lost its connection');
        await disconnect();
      }
      leading = false;
      if (!stopped) await waker.wait(CANDIDATE_WAIT_MS * (0.75 + random() / 2), { ignoreRings: true });
    }
  }

  /** Leads until replaced or stopped; returns at once when another leads. */
  async function leadOrWatch(connection: Sql): Promise<void> {
    const lock = await soon(tryLock(connection));
    if (!lock.held) return;
    let { epoch, seq } = await headToGoOnFrom(connection);
    let waitMs = SHORTEST_WAIT_MS;
    leading = true;
    // What waits may have been written before this instance could be rung.
    waker.ring();
    while (!stopped) {
      const startedAt = performance.now();
      const step = await soon(placeBatch(connection, lock.pid, seq));
      if (!step.mine) return;
      if (step.placed === 0 && step.waiting > 0) {
        // Somebody else moved the head: a second leader was forced, or the row was restored.
        ({ epoch, seq } = await headToGoOnFrom(connection));
      }
      if (step.placed > 0 && step.seq !== null) {
        if (step.seq - seq !== step.placed) logger.error({ step, seq }, 'the feed has a gap');
        seq = step.seq;
        seen = { epoch, seq };
        options.doorbell.ringSequenced(seq);
      }
      waitMs = step.placed > 0 ? SHORTEST_WAIT_MS : Math.min(waitMs * 2, LONGEST_WAIT_MS);
      if (step.placed < BATCH) {
        await waker.wait(waitMs);
        // Rings that come close together share a batch.
        const sinceStart = performance.now() - startedAt;
        if (step.placed > 0 && sinceStart < SHORTEST_WAIT_MS)
          await waker.wait(SHORTEST_WAIT_MS - sinceStart, { ignoreRings: true });
      }
    }
    await soon(connection`select pg_advisory_unlock(${SEQUENCER_LOCK})`);
  }

  async function headToGoOnFrom(connection: Sql): Promise<FeedHead> {
    await soon(readHead(connection));
    await soon(renewEpoch(connection, { folder: options.folder?.() ?? null, seen }));
    seen = await soon(readHead(connection));
    return seen;
  }

  async function disconnect(): Promise<void> {
    const old = sql;
    sql = null;
    if (old !== null) await old.end({ timeout: 0 });
  }

  return {
    start() {
      unsubscribe = options.doorbell.onFeed(() => waker.ring());
      running = run();
    },
    async stop() {
      stopped = true;
      unsubscribe();
      waker.close();
      // A statement on a connection that went dark would wait for the network; ending the connection ends it.
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, STOP_PATIENCE_MS).unref())]);
      await disconnect();
      await running;
    },
    get leading() {
      return leading;
    },
  };
}

function connect(url: string): Sql {
  const sql = postgres(url, {
    ...connectionOptions,
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    keep_alive: 5,
    connect_timeout: 5,
    fetch_types: false,
    connection: {
      application_name: 'telltale sequencer',
      idle_session_timeout: SESSION_SILENCE,
      // Silence within a transaction is another to PostgreSQL, and keeps the row of the head as well as the lock.
      idle_in_transaction_session_timeout: SESSION_SILENCE,
      tcp_keepalives_idle: 5,
      tcp_keepalives_interval: 2,
      tcp_keepalives_count: 3,
      // The one plan that holds whatever the planner believes of a partition that began a minute ago: the batch by
      // its index, joined by a hash. It guesses 0.5 % of the rows to be waiting, and a nested loop took 200 ms.
      enable_seqscan: 'off',
      enable_bitmapscan: 'off',
      enable_nestloop: 'off',
      enable_mergejoin: 'off',
      jit: 'off',
    },
  } as unknown as postgres.Options<Record<string, postgres.PostgresType>>) as unknown as Sql;
  leaveLostTransactions(sql);
  return sql;
}

async function tryLock(sql: Sql): Promise<{ pid: number; held: boolean }> {
  const [lock] = await sql<{ pid: number; held: boolean }[]>`
    select pg_backend_pid() as pid, pg_try_advisory_lock(${SEQUENCER_LOCK}) as held`;
  return lock ?? { pid: 0, held: false };
}

/**
 * One batch in one statement. `pid`: the backend that took the lock; the driver reconnects by itself, and a new
 * backend does not hold it. `saw`: the head as this leader knows it.
 */
async function placeBatch(sql: Sql, pid: number, saw: number): Promise<Step> {
  const [step] = await sql<Step[]>`
    with batch as materialized (
      select wid from feed_outbox where seq is null order by wid limit ${BATCH}
    ), head as materialized (
      select seq from feed_head
      where id = 'feed' and seq = ${saw} and pg_backend_pid() = ${pid} and exists (select 1 from batch)
      for update
    ), numbered as materialized (
      select wid, head.seq + row_number() over (order by wid) as seq from batch cross join head
    ), placed as (
      update feed_outbox as o set seq = n.seq, sequenced_at = clock_timestamp()
      from numbered as n
      where o.wid = n.wid and o.seq is null
        and o.wid >= (select min(wid) from batch) and o.wid <= (select max(wid) from batch)
      returning o.seq
    ), moved as (
      update feed_head set seq = (select max(seq) from placed)
      where id = 'feed' and exists (select 1 from placed)
    )
    select pg_backend_pid() = ${pid} as mine, (select count(*) from batch) as waiting,
      (select count(*) from placed) as placed, (select max(seq) from placed) as seq`;
  return step ?? { mine: false, waiting: 0, placed: 0, seq: null };
}
