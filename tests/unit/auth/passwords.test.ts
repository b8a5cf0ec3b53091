import { verify } from '@node-rs/argon2';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { hashPassword, verifyPassword } from '#lib/server/auth/passwords.ts';

vi.mock('@node-rs/argon2', async (original) => {
  const real = await original<typeof import('@node-rs/argon2')>();
  return { ...real, verify: vi.fn(real.verify) };
});

/** Algorithm, version and costs of an encoded hash, without its salt and digest. */
const parametersOf = (hash: unknown) => String(hash).split('$').slice(1, 4).join(' ');

beforeEach(() => {
  vi.mocked(verify).mockClear();
});

describe('a password', () => {
  it('is hashed with argon2id and the parameters that OWASP names', async () => {
    const hash = await hashPassword('correct horse battery');
    expect(parametersOf(hash)).toBe('argon2id v=19 m=19456,t=2,p=1');
  });

  it('matches itself, however its letters are composed, and nothing else', async () => {
    const hash = await hashPassword('cafe\u0301 au lait');
    expect(await verifyPassword(hash, 'café au lait')).toBe(true);
    expect(await verifyPassword(hash, 'cafe au lait')).toBe(false);
  });

  it('costs the same work when there is no account to compare it with, and never matches', async () => {
    const real = await hashPassword('correct horse battery');
    expect(await verifyPassword(null, 'correct horse battery')).toBe(false);
    const [compared] = vi.mocked(verify).mock.calls[0] ?? [];
    expect(vi.mocked(verify)).toHaveBeenCalledTimes(1);
    expect(parametersOf(compared)).toBe(parametersOf(real));
  });
});
