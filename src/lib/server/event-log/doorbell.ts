import { randomUUID } from 'node:crypto';
import type { Doorbell } from '../app.ts';
import { coerceError } from '../errors.ts';
import { logger } from '../logger.ts';
import { createNotifyChannel, type NotifyChannel } from './notify-channel.ts';
import { createRedisChannel, type RedisChannel } from './redis-channel.ts';
import { createThrottle } from './throttle.ts';

const CHANNELS = { log: 'telltale_log', feed: 'telltale_feed' } as const;
/** At most one NOTIFY a workspace in this time: NOTIFY takes a lock on the whole server at commit. */
const GAP_MS = 20;
/** Payload on the log channel that means "events wait in the outbox", where otherwise a workspace's id stands. */
const OUTBOX = '*';

export interface DoorbellService extends Doorbell {
  /** Starts to hear other instances. Without it, or while the database is away, doorbells ring in this process only. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Other instances are heard. */
  readonly listening: boolean;
  /** Other instances seen within the last half minute. */
  readonly others: number;
  /** Other instances are heard through Redis too. */
  readonly listeningByRedis: boolean;
}

/**
 * Doorbells: at once within the process, by NOTIFY to other instances. Notifications are sent on a connection of
 * their own and never in a business transaction, which they would slow down by a factor of three to ten. Nothing is
 * sent while this is the only instance. With `redisUrl` they go through Redis as well.
 */
export function createDoorbell(options: {
  url: string;
  instance?: string;
  redisUrl?: string | undefined;
}): DoorbellService {
  const instance = options.instance ?? randomUUID();
  const log = new Listeners<string>();
  const feed = new Listeners<undefined>();
  const sequenced = new Listeners<number>();
  const hearing = {
    instance,
    channels: Object.values(CHANNELS),
    onMessage(name: string, payload: string) {
      if (name === CHANNELS.feed) sequenced.call(Number(payload));
      else if (payload === OUTBOX) feed.call(undefined);
      else log.call(payload);
    },
    // While nothing was heard, work may have come; looking once costs a query.
    onGap() {
      feed.call(undefined);
      sequenced.call(0);
    },
  };
  const channel: NotifyChannel = createNotifyChannel({ url: options.url, ...hearing });
  const redis: RedisChannel | null =
    options.redisUrl === undefined
      ? null
      : createRedisChannel({ url: options.redisUrl, name: databaseOf(options.url), ...hearing });
  const throttle = createThrottle(GAP_MS);
  let highest = 0;

  function send(name: string, payload: string, slot: string): void {
    channel.send(name, payload, slot);
    redis?.send(name, payload);
  }

  return {
    ringLog(workspaceId) {
      log.call(workspaceId);
      throttle.run(workspaceId, () => send(CHANNELS.log, workspaceId, workspaceId));
    },
    ringFeed() {
      feed.call(undefined);
      throttle.run(OUTBOX, () => send(CHANNELS.log, OUTBOX, OUTBOX));
    },
    ringSequenced(seq) {
      highest = Math.max(highest, seq);
      sequenced.call(seq);
      send(CHANNELS.feed, String(highest), CHANNELS.feed);
    },
    onLog: (listener) => log.add(listener),
    onFeed: (listener) => feed.add(() => listener()),
    onSequenced: (listener) => sequenced.add(listener),
    start() {
      redis?.start();
      return channel.start();
    },
    async stop() {
      throttle.stop();
      redis?.stop();
      await channel.stop();
    },
    get listening() {
      return channel.listening;
    },
    get others() {
      return channel.others;
    },
    get listeningByRedis() {
      return redis?.listening ?? false;
    },
  };
}

/** Names an installation where several share one Redis. */
const databaseOf = (url: string): string => `telltale:${new URL(url).pathname.slice(1) || 'telltale'}`;

/** Called one after the other; one that throws disturbs neither the others nor the one who rang. */
class Listeners<Value> {
  readonly #all = new Set<(value: Value) => void>();

  add(listener: (value: Value) => void): () => void {
    const own = (value: Value) => listener(value);
    this.#all.add(own);
    return () => this.#all.delete(own);
  }

  call(value: Value): void {
    for (const listener of this.#all) {
      try {
        listener(value);
      } catch (thrown) {
        logger.error({ err: coerceError(thrown) }, 'a listener of the doorbell failed');
      }
    }
  }
}
