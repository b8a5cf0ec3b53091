import { appendEvents } from '#lib/server/event-log/index.ts';
import type { Sql } from '#lib/server/db/client.ts';
import type { Row } from './follower.ts';

const KEYS = 40;
const HUNDREDTH = 0.01;

export interface Workload {
  sql: Sql;
  workspaceId: string;
  random: () => number;
  /** Called after every commit, as recorders ring the doorbell. */
  ring: () => void;
  /** Longest that a transaction stays open; 0: as short as it goes. */
  openMs?: number;
  /** No transaction around it, which is quicker. */
  single?: boolean;
}

const revs = new Map<string, number>();
function nextRev(workspaceId: string, key: string): number {
  const rev = (revs.get(`${workspaceId} ${key}`) ?? 0) + 1;
  revs.set(`${workspaceId} ${key}`, rev);
  return rev;
}

/** One transaction of one to three changes of few keys; one in ten is rolled back, one change in ten is a deletion. */
export async function writeOnce(workload: Workload): Promise<void> {
  const { sql, workspaceId, random, ring, openMs = 0, single = false } = workload;
  const events = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
    const key = `k${Math.floor(random() * KEYS)}`;
    const rev = nextRev(workspaceId, key);
    return {
      type: 'import.progressed' as const,
      op: random() < 0.1 ? ('delete' as const) : ('upsert' as const),
      key,
      rev,
      value: { id: `${key}/${rev}` } as never,
    };
  });
  if (single) {
    await appendEvents(sql, workspaceId, events);
    ring();
    return;
  }
  const fails = random() < 0.1;
  const open = random() * openMs;
  class RolledBack extends Error {}
  try {
    await sql.begin(async (tx) => {
      await appendEvents(tx, workspaceId, events);
      if (open > 1) await tx`select pg_sleep(${open / 1_000})`;
      if (fails) throw new RolledBack();
    });
    ring();
  } catch (thrown) {
    if (!(thrown instanceof RolledBack)) throw thrown;
  }
}

/** Writers at work until told to stop; a transaction that a fault broke is not repeated. */
export function startWriters(
  workload: Workload,
  writers: number,
  options: { mayFail?: boolean; pauseMs?: number } = {},
): { stop(): Promise<number> } {
  let running = true;
  let written = 0;
  const one = async () => {
    while (running) {
      try {
        await writeOnce(workload);
        written += 1;
      } catch (thrown) {
        if (options.mayFail !== true) throw thrown;
      }
      const pause = (options.pauseMs ?? 5) * (0.5 + workload.random()) + HUNDREDTH;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
  const all = Promise.all(Array.from({ length: writers }, one));
  return {
    async stop() {
      running = false;
      await all;
      return written;
    },
  };
}

/** The oracle: of each key the newest change that was committed. */
export async function selectState(
  sql: Sql,
  workspaceId: string,
  topic: string,
  upTo = Number.MAX_SAFE_INTEGER,
): Promise<Row[]> {
  return [
    ...(await sql<Row[]>`
      select distinct on (key) key, rev, op, payload->>'id' as id from feed_outbox
      where workspace_id = ${workspaceId} and topic = ${topic} and seq <= ${upTo} order by key, rev desc`),
  ];
}

/** Positions of a workspace's topic after `from`, and whether any event is still without one. */
export async function selectPlaces(
  sql: Sql,
  workspaceId: string,
  topic: string,
  from: number,
): Promise<{ places: number[]; waiting: number }> {
  const rows = await sql<{ seq: number | null }[]>`
    select seq from feed_outbox where workspace_id = ${workspaceId} and topic = ${topic} and (seq is null or seq > ${from}) order by seq`;
  const places = rows.flatMap(({ seq }) => (seq === null ? [] : [seq]));
  return { places, waiting: rows.length - places.length };
}
