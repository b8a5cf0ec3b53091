import type { InstanceStats } from '#lib/contracts/instances.ts';
import type { App, Distribution } from '../../app.ts';
import { jsonText } from '../../db/json-text.ts';
import { coerceError } from '../../errors.ts';
import { logger } from '../../logger.ts';

const BEAT_MS = 3_000;
/** Long enough to see on the page that one died; others remove its row then. */
const FORGOTTEN_S = 600;

export interface InstanceBeat {
  /** Says for the first time that this server is here. */
  start(): Promise<void>;
  /** Says that it is gone. */
  stop(): Promise<void>;
}

/** Writes what this server is doing to its row in `instances`, every three seconds. */
export function createInstanceBeat(app: App, beatMs = BEAT_MS): InstanceBeat {
  const startedAt = new Date(app.now());
  const processorShare = createRate(processorSeconds());
  const bytesPerSecond = createRate(0);
  let timer: NodeJS.Timeout | null = null;
  let beating: Promise<void> = Promise.resolve();
  let failing = false;
  let stopped = true;

  function read(): InstanceStats {
    const feed = app.feed.stats();
    return {
      streams: feed.streams,
      polls: feed.polls,
      opened: feed.opened.stream,
      refused: feed.refused,
      resets: feed.resets,
      goaways: feed.goaways,
      failed: feed.failed,
      read: feed.read,
      delivered: feed.delivered,
      bytesPerSecond: bytesPerSecond(feed.deliveredBytes),
      established: times(feed.established),
      latency: times(feed.latency),
      ringEvents: feed.ringEvents,
      ringBytes: feed.ringBytes,
      head: feed.head,
      sequencing: feed.sequencing,
      foldsLed: app.folds.health().filter(({ leading }) => leading).length,
      memoryBytes: process.memoryUsage.rss(),
      cpu: processorShare(processorSeconds()),
    };
  }

  async function beat(): Promise<void> {
    await app.db.sql`
      insert into instances (name, started_at, stats)
      values (${app.instance}, ${startedAt}, ${jsonText(read())}::jsonb)
      on conflict (name) do update set stats = excluded.stats, beat_at = now()`;
    await app.db.sql`
      delete from instances where beat_at < now() - make_interval(secs => ${FORGOTTEN_S})`;
  }

  async function beatSafely(): Promise<void> {
    try {
      await beat();
      failing = false;
    } catch (thrown) {
      if (!failing) logger.warn({ err: coerceError(thrown) }, 'this server cannot write its figures');
      failing = true;
    }
    if (stopped) return;
    timer = setTimeout(next, beatMs);
    timer.unref();
  }

  function next(): void {
    beating = beatSafely();
  }

  return {
    start() {
      stopped = false;
      next();
      return beating;
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await beating;
      await app.db.sql`delete from instances where name = ${app.instance}`;
    },
  };
}

const times = ({ bounds, counts }: Distribution) => ({ bounds: [...bounds], counts: [...counts] });

/** Seconds of processor time that this process has used; a second of one core has one. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** How much a growing amount has grown each second since the question before. */
function createRate(start: number): (amount: number) => number {
  let before = start;
  let at = performance.now();
  return (amount) => {
    const now = performance.now();
    const elapsedS = (now - at) / 1_000;
    const grown = amount - before;
    before = amount;
    at = now;
    return elapsedS === 0 ? 0 : grown / elapsedS;
  };
}
