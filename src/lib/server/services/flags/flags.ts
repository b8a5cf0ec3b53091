import { FLAG_KEYS, FLAGS, type FlagKey } from '#lib/contracts/flags.ts';
import { isOnFor, type Switch } from '#lib/domain/flags/rollout.ts';
import type { Flags } from '../../app.ts';
import type { Sql } from '../../db/client.ts';
import { coerceError } from '../../errors.ts';
import { within } from '../../event-log/index.ts';
import { logger } from '../../logger.ts';

const EVERY_MS = 2_000;
/** A connection that went dark gives no error for a quarter of an hour; the next reading takes another one. */
const READ_DEADLINE_MS = 3_000;

export interface FlagsService extends Flags {
  /** Reads for the first time. @throws when that is not possible */
  start(): Promise<void>;
  stop(): void;
}

/**
 * The switches in memory, so that a request need not ask the database: read again every two seconds, and at once
 * where somebody turns one. While the database is away they stay as they were last read.
 */
export function createFlags(options: { db: { sql: Sql }; everyMs?: number }): FlagsService {
  const { sql } = options.db;
  const everyMs = options.everyMs ?? EVERY_MS;
  const listeners = new Set<() => void>();
  let known = new Map<FlagKey, Switch>(FLAG_KEYS.map((key) => [key, FLAGS[key]]));
  /** Readings follow each other, so that an older answer never replaces a newer one. */
  let last: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;
  let away = false;

  async function read(): Promise<void> {
    const rows = await within(
      READ_DEADLINE_MS,
      sql<(Switch & { key: string })[]>`select key, "on", percent from flags`,
    );
    const of = (key: FlagKey): Switch => {
      const row = rows.find((found) => found.key === key);
      return row === undefined ? FLAGS[key] : { on: row.on, percent: row.percent };
    };
    const fresh = new Map(FLAG_KEYS.map((key) => [key, of(key)]));
    const changed = FLAG_KEYS.some((key) => {
      const before = known.get(key);
      const now = fresh.get(key);
      return before?.on !== now?.on || before?.percent !== now?.percent;
    });
    known = fresh;
    if (changed) tell();
  }

  function tell(): void {
    for (const listener of listeners) {
      try {
        listener();
      } catch (thrown) {
        logger.error({ err: coerceError(thrown) }, 'a listener of the switches failed');
      }
    }
  }

  async function readSafely(): Promise<void> {
    try {
      await read();
      away = false;
    } catch (thrown) {
      if (!away)
        logger.warn({ err: coerceError(thrown) }, 'the switches cannot be read; they stay as they were');
      away = true;
    }
  }

  function refresh(): Promise<void> {
    last = last.then(readSafely);
    return last;
  }

  return {
    streamingFor: (ownerId) => isOnFor(known.get('streaming') ?? FLAGS.streaming, ownerId),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh,
    async start() {
      await read();
      timer = setInterval(() => void refresh(), everyMs);
      timer.unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
  };
}
