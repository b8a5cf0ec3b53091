import type { App } from '../../app.ts';
import { countChecks } from '../../recalculation/index.ts';
import { checkDatabase, type DatabaseState } from './check-database.ts';
import { checkRedis, type RedisState } from './check-redis.ts';
import { readQueues, type Queues } from './queues.ts';

export interface Health {
  /** `degraded`: something is down that should be up; what still works goes on. */
  status: 'ok' | 'degraded';
  instance: string;
  uptimeSeconds: number;
  database: { state: DatabaseState['state']; ms?: number };
  redis: { state: RedisState['state'] };
  /** Logs that this instance folds; `failed` ones stopped with an error. */
  folds: { served: number; led: number; failed: number };
  feed: { streams: number; sequencing: boolean };
  queues: Queues | null;
  /** Of every workspace's last comparison with a refold of its log: how many found it sound, how many differences. */
  checks: { sound: number; differing: number; lastAt: string | null } | null;
}

/** How this instance is. Anybody may ask, so it names no workspace and gives no message of an error. */
export async function readHealth(app: App): Promise<Health> {
  const [database, redis] = await Promise.all([checkDatabase(app.db), checkRedis(app.env.REDIS_URL)]);
  const folds = app.folds.health();
  const failed = folds.filter((fold) => fold.error !== null).length;
  const feed = app.feed.stats();
  const checks = database.state === 'up' ? await countChecks(app.db.sql) : null;
  const differing = checks?.differing ?? 0;
  const sound = database.state === 'up' && redis.state !== 'down' && failed === 0 && differing === 0;
  return {
    status: sound ? 'ok' : 'degraded',
    instance: app.instance,
    uptimeSeconds: Math.round(process.uptime()),
    database: database.state === 'up' ? database : { state: 'down' },
    redis: { state: redis.state },
    folds: { served: folds.length, led: folds.filter((fold) => fold.leading).length, failed },
    feed: { streams: feed.streams, sequencing: feed.sequencing },
    queues: database.state === 'up' ? await readQueues(app.db.sql) : null,
    checks: checks === null ? null : { ...checks, lastAt: checks.lastAt?.toISOString() ?? null },
  };
}
