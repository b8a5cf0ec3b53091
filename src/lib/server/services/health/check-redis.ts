import { Redis } from 'ioredis';
import { coerceError } from '../../errors.ts';

const PATIENCE_MS = 500;

export type RedisState = { state: 'absent' } | { state: 'up' } | { state: 'down'; error: string };

/** Whether the Redis of `REDIS_URL` answers; everything works without it, only less of it. */
export async function checkRedis(url: string | undefined): Promise<RedisState> {
  if (url === undefined) return { state: 'absent' };
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let lastError: Error | null = null;
  client.on('error', (error: Error) => {
    lastError = error;
  });
  try {
    await client.connect();
    await client.ping();
    return { state: 'up' };
  } catch (thrown) {
    return { state: 'down', error: (lastError ?? coerceError(thrown)).message };
  } finally {
    client.disconnect();
  }
}
