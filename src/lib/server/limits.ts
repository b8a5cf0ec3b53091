import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Limits } from './app.ts';
import type { Env } from './env.ts';
import { AppError } from './errors.ts';

/** How many times more than one person at one address an address, or one e-mail from everywhere, may try. */
const WIDE = 6;

async function consume(
  limiter: RateLimiterMemory,
  key: string,
  message: (seconds: number) => string,
): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (thrown) {
    if (!(thrown instanceof RateLimiterRes)) throw thrown;
    const seconds = Math.max(1, Math.ceil(thrown.msBeforeNext / 1000));
    throw new AppError('RATE_LIMITED', message(seconds), { retryAfterSeconds: seconds });
  }
}

const loginWords = (seconds: number) =>
  `Too many attempts. Wait ${seconds} ${seconds === 1 ? 'second' : 'seconds'}, then try again.`;

/**
 * Limits of this instance, in memory. Logins count when they start, so that parallel guesses count too, and are
 * given back when they succeed.
 */
export function createLimits(
  env: Pick<
    Env,
    'TELLTALE_LOGINS_PER_MINUTE' | 'TELLTALE_WRITES_PER_SECOND' | 'TELLTALE_STREAM_OPENS_PER_SECOND'
  >,
): Limits {
  const minute = (keyPrefix: string, points: number) =>
    new RateLimiterMemory({ keyPrefix, points, duration: 60 });
  const second = (keyPrefix: string, points: number) =>
    new RateLimiterMemory({ keyPrefix, points, duration: 1 });
  const attempts = env.TELLTALE_LOGINS_PER_MINUTE;
  const loginPair = minute('login', attempts);
  const loginAddress = minute('login-ip', attempts * WIDE);
  const loginEmail = minute('login-email', attempts * WIDE);
  const writes = second('write', env.TELLTALE_WRITES_PER_SECOND);
  const opens = second('stream', env.TELLTALE_STREAM_OPENS_PER_SECOND);

  const keysOf = (attempt: { ip: string | null; email: string }) => {
    const email = attempt.email.trim().toLowerCase().slice(0, 254);
    const ip = attempt.ip ?? 'unknown';
    return { email, ip, pair: `${ip} ${email}` };
  };

  return {
    async login(attempt) {
      const { email, ip, pair } = keysOf(attempt);
      await consume(loginPair, pair, loginWords);
      await consume(loginAddress, ip, loginWords);
      await consume(loginEmail, email, loginWords);
    },
    async loginSucceeded(attempt) {
      const { email, ip, pair } = keysOf(attempt);
      await loginPair.delete(pair);
      await loginAddress.reward(ip, 1);
      await loginEmail.reward(email, 1);
    },
    write: (key) =>
      consume(
        writes,
        key,
        () =>
          `More than ${env.TELLTALE_WRITES_PER_SECOND} writing requests a second. Send more outcomes in one request.`,
      ),
    openStream: (key) =>
      consume(
        opens,
        key,
        () => `More than ${env.TELLTALE_STREAM_OPENS_PER_SECOND} streams opened in one second.`,
      ),
  };
}
