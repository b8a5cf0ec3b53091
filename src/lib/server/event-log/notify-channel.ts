import postgres from 'postgres';
import { connectionOptions, type Sql } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import { logger } from '../logger.ts';
import { within } from './within.ts';

const PROBE_MS = 5_000;
const PROBE_DEADLINE_MS = 3_000;
const OTHERS_SEEN_MS = 30_000;
const CONNECT_TIMEOUT_S = 5;

export interface NotifyChannel {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Hands a message to other instances; while one of the same slot is under way, the latest waits. Silent when alone. */
  send(channel: string, payload: string, slot: string): void;
  readonly listening: boolean;
  readonly others: number;
}

/**
 * LISTEN and NOTIFY between instances. A connection that looks open may have stopped hearing (a dropped route, a
 * proxy that pools by transaction), so every five seconds a probe must come back to its sender; when it does not,
 * both connections are made anew. Probes also tell the instances of each other.
 *
 * Messages are `<instance> <payload>`; probes are `<instance> ?<number>`.
 */
export function createNotifyChannel(options: {
  url: string;
  instance: string;
  channels: readonly string[];
  onMessage: (channel: string, payload: string) => void;
  /** Called when hearing begins again after it was lost. */
  onGap: () => void;
}): NotifyChannel {
  const { instance, channels } = options;
  const probeChannel = channels[0] ?? 'telltale';
  /** When each was heard last; milliseconds of performance.now(). */
  const others = new Map<string, number>();
  /** Slots with a message under way, and the one to send after it. */
  const sending = new Map<string, string | null>();
  let sql: Sql | null = null;
  let listening = false;
  let stopped = false;
  let probeNumber = 0;
  let echoed = 0;
  let onEcho: () => void = () => undefined;
  let timer: NodeJS.Timeout | null = null;

  function receive(channel: string, message: string): void {
    const space = message.indexOf(' ');
    const from = message.slice(0, space);
    const payload = message.slice(space + 1);
    const probe = payload.startsWith('?');
    if (from === instance) {
      if (probe) {
        echoed = Math.max(echoed, Number(payload.slice(1)));
        onEcho();
      }
      return;
    }
    const isNew = !others.has(from);
    others.set(from, performance.now());
    // A newcomer should not wait for the next probe to learn that we are here.
    if (isNew) notify(probeChannel, '?0').catch(reportLost);
    if (!probe) options.onMessage(channel, payload);
  }

  async function notify(channel: string, payload: string): Promise<void> {
    if (sql !== null) await sql.notify(channel, `${instance} ${payload}`);
  }

  function reportLost(thrown: unknown): void {
    if (stopped) return;
    if (listening)
      logger.warn({ err: coerceError(thrown) }, 'other instances are not heard; polling finds the work');
    listening = false;
  }

  async function connect(): Promise<void> {
    const fresh = postgres(options.url, {
      ...connectionOptions,
      max: 1,
      idle_timeout: 0,
      max_lifetime: null,
      keep_alive: 5,
      connect_timeout: CONNECT_TIMEOUT_S,
      connection: { application_name: 'telltale doorbell' },
    }) as unknown as Sql;
    sql = fresh;
    try {
      for (const channel of channels) await fresh.listen(channel, (message) => receive(channel, message));
    } catch (thrown) {
      sql = null;
      await fresh.end({ timeout: 0 });
      throw thrown;
    }
  }

  async function disconnect(): Promise<void> {
    const old = sql;
    sql = null;
    if (old !== null) await old.end({ timeout: 0 });
  }

  /** Connected and a probe came back. @throws otherwise, and the connections are gone */
  async function check(): Promise<void> {
    if (sql === null) await connect();
    const number = ++probeNumber;
    try {
      await within(PROBE_DEADLINE_MS, notify(probeChannel, `?${number}`));
      await within(PROBE_DEADLINE_MS, heard(number));
    } catch (thrown) {
      await disconnect();
      throw thrown;
    }
  }

  function heard(number: number): Promise<void> {
    if (echoed >= number) return Promise.resolve();
    return new Promise((resolve) => {
      onEcho = () => {
        if (echoed >= number) resolve();
      };
    });
  }

  async function beat(): Promise<void> {
    const before = listening;
    try {
      await check();
      listening = !stopped;
      if (!before && probeNumber > 1) options.onGap();
    } catch (thrown) {
      reportLost(thrown);
    }
    for (const [name, seenAt] of others) if (performance.now() - seenAt > OTHERS_SEEN_MS) others.delete(name);
    if (stopped) return;
    timer = setTimeout(() => void beat(), listening ? PROBE_MS : PROBE_MS / 5);
    timer.unref();
  }

  async function sendAll(channel: string, slot: string, first: string): Promise<void> {
    sending.set(slot, null);
    try {
      for (let payload: string | null = first; payload !== null && !stopped;) {
        await notify(channel, payload);
        payload = sending.get(slot) ?? null;
        sending.set(slot, null);
      }
    } finally {
      sending.delete(slot);
    }
  }

  return {
    start: beat,
    async stop() {
      stopped = true;
      listening = false;
      if (timer !== null) clearTimeout(timer);
      await disconnect();
    },
    send(channel, payload, slot) {
      if (stopped || sql === null || others.size === 0) return;
      if (sending.has(slot)) sending.set(slot, payload);
      else sendAll(channel, slot, payload).catch(reportLost);
    },
    get listening() {
      return listening;
    },
    get others() {
      return others.size;
    },
  };
}
