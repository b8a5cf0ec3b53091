import { describe, expect, it } from 'vitest';
import { readEnv } from '#lib/server/env.ts';
import { AppError } from '#lib/server/errors.ts';
import { createLimits } from '#lib/server/limits.ts';

const limitsWith = (env: Record<string, string>) => createLimits(readEnv(env));

async function triesUntilRefused(attempt: (i: number) => Promise<void>, most: number): Promise<number> {
  for (let i = 0; i < most; i++) {
    try {
      await attempt(i);
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'RATE_LIMITED') return i;
      throw thrown;
    }
  }
  return most;
}

describe('login attempts', () => {
  it('are refused after as many as the environment allows, with words and a time', async () => {
    const limits = limitsWith({ TELLTALE_LOGINS_PER_MINUTE: '3' });
    const attempt = () => limits.login({ ip: '203.0.113.7', email: 'ana@example.org' });
    expect(await triesUntilRefused(attempt, 10)).toBe(3);
    await expect(attempt()).rejects.toMatchObject({
      message: expect.stringMatching(/Wait \d+ seconds/),
      retryAfterSeconds: expect.any(Number),
    });
  });

  it('count the same however the e-mail is written', async () => {
    const limits = limitsWith({ TELLTALE_LOGINS_PER_MINUTE: '2' });
    const spellings = ['ana@example.org', ' Ana@Example.org', 'ANA@EXAMPLE.ORG'];
    expect(await triesUntilRefused((i) => limits.login({ ip: null, email: spellings[i] ?? '' }), 3)).toBe(2);
  });

  it('of one address with many e-mails, and of one e-mail from many addresses, end too', async () => {
    const limits = limitsWith({ TELLTALE_LOGINS_PER_MINUTE: '2' });
    expect(
      await triesUntilRefused((i) => limits.login({ ip: '203.0.113.7', email: `p${i}@example.org` }), 50),
    ).toBe(12);
    expect(
      await triesUntilRefused((i) => limits.login({ ip: `198.51.100.${i}`, email: 'ana@example.org' }), 50),
    ).toBe(12);
  });

  it('are given back by a success', async () => {
    const limits = limitsWith({ TELLTALE_LOGINS_PER_MINUTE: '2' });
    const attempt = { ip: '203.0.113.7', email: 'ana@example.org' };
    const working = async () => {
      await limits.login(attempt);
      await limits.loginSucceeded(attempt);
    };
    expect(await triesUntilRefused(working, 40)).toBe(40);
  });
});

describe('writes and streams', () => {
  it('are limited for each key by itself', async () => {
    const limits = limitsWith({ TELLTALE_WRITES_PER_SECOND: '5', TELLTALE_STREAM_OPENS_PER_SECOND: '4' });
    expect(await triesUntilRefused(() => limits.write('key-a'), 20)).toBe(5);
    expect(await triesUntilRefused(() => limits.write('key-b'), 20)).toBe(5);
    expect(await triesUntilRefused(() => limits.openStream('key-a'), 20)).toBe(4);
  });
});
