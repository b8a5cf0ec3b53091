import type { InstanceStats } from '#lib/contracts/instances.ts';
import type { App } from '../../app.ts';
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
  const processorTime = createProcessorTime();
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
      read: feed.read,
      delivered: feed.delivered,
      latency: { bounds: [...feed.latency.bounds], counts: [...feed.latency.counts] },
      ringEvents: feed.ringEvents,
      ringBytes: feed.ringBytes,
      head: feed.head,
      sequencing: feed.sequencing,
      foldsLed: app.folds.health().filter(({ leading }) => leading).length,
      memoryBytes: process.memoryUsage.rss(),
      cpu: processorTime.share(),
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

/** Processor time that this process used, as a share of one core since the last question. */
function createProcessorTime(): { share(): number } {
  let before = process.cpuUsage();
  let at = performance.now();
  return {
    share() {
      const used = process.cpuUsage(before);
      const elapsedMs = performance.now() - at;
      before = process.cpuUsage();
      at = performance.now();
      return elapsedMs === 0 ? 0 : (used.user + used.system) / 1_000 / elapsedMs;
    },
  };
}
