import { Redis } from 'ioredis';
import { coerceError } from '../errors.ts';
import { logger } from '../logger.ts';

const LONGEST_PAUSE_MS = 5_000;
const SUBSCRIBE_AGAIN_MS = 1_000;

export interface RedisChannel {
  start(): void;
  stop(): void;
  /** Hands a message to other instances; lost while Redis is away. */
  send(channel: string, payload: string): void;
  readonly listening: boolean;
}

/**
 * The doorbells once more, through Redis: for databases behind a pool that does not carry LISTEN. What is lost here
 * comes by NOTIFY, and what both lose is found by polling. Messages are `<instance> <payload>`; `name` tells the
 * installations of one Redis apart.
 */
export function createRedisChannel(options: {
  url: string;
  name: string;
  instance: string;
  channels: readonly string[];
  onMessage: (channel: string, payload: string) => void;
  /** Called when hearing begins again after it was lost. */
  onGap: () => void;
}): RedisChannel {
  const { instance } = options;
  const prefix = `${options.name}:`;
  let listening = false;
  let heardBefore = false;
  let stopped = false;
  const client = () =>
    new Redis(options.url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      connectTimeout: LONGEST_PAUSE_MS,
      keepAlive: LONGEST_PAUSE_MS,
      retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 6), LONGEST_PAUSE_MS),
    });
  const publisher = client();
  const subscriber = client();

  function lost(thrown: unknown): void {
    if (listening && !stopped)
      logger.warn({ err: coerceError(thrown) }, 'Redis is away; doorbells ring by the database alone');
    listening = false;
  }

  /** What is not sent through Redis goes by the database all the same; the client connects again by itself. */
  function unsent(thrown: unknown): void {
    if (!stopped) logger.debug({ err: coerceError(thrown) }, 'a doorbell could not be rung through Redis');
  }

  async function listen(): Promise<void> {
    await subscriber.subscribe(...options.channels.map((channel) => prefix + channel));
    listening = true;
    if (heardBefore) options.onGap();
    heardBefore = true;
  }

  /** Connected and not subscribed is a state that nothing else would end. */
  function hear(): void {
    listen().catch((thrown: unknown) => {
      lost(thrown);
      setTimeout(() => {
        if (!stopped && !listening && subscriber.status === 'ready') hear();
      }, SUBSCRIBE_AGAIN_MS).unref();
    });
  }

  publisher.on('error', unsent);
  subscriber.on('error', lost);
  subscriber.on('close', () => lost(new Error('The connection to Redis was closed.')));
  subscriber.on('ready', hear);
  subscriber.on('message', (channel: string, message: string) => {
    const space = message.indexOf(' ');
    if (message.slice(0, space) === instance) return;
    options.onMessage(channel.slice(prefix.length), message.slice(space + 1));
  });

  return {
    start() {
      // What goes wrong is told as an error event, and tried again.
      publisher.connect().catch(unsent);
      subscriber.connect().catch(lost);
    },
    stop() {
      stopped = true;
      listening = false;
      publisher.disconnect();
      subscriber.disconnect();
    },
    send(channel, payload) {
      if (stopped || publisher.status !== 'ready') return;
      publisher.publish(prefix + channel, `${instance} ${payload}`).catch(unsent);
    },
    get listening() {
      return listening;
    },
  };
}
