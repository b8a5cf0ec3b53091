import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { readEnv } from '#lib/server/env.ts';
import { projectRoot } from '../../support/running-server.ts';

describe('a mistake in the environment', () => {
  it('of the log level leaves a log, and is reported', async () => {
    vi.stubEnv('LOG_LEVEL', 'verbose');
    vi.resetModules();
    expect((await import('#lib/server/logger.ts')).logger.level).toBe('info');
    expect(() => readEnv()).toThrow(/LOG_LEVEL/);
    vi.unstubAllEnvs();
  });

  it('is not PORT=0, which takes any free port', () => {
    expect(readEnv({ PORT: '0' }).PORT).toBe(0);
    expect(() => readEnv({ PORT: '-1' })).toThrow(/PORT/);
  });

  it.each(['telltale.example.com', 'https://'])(
    'of the origin ends in one clear line (%s)',
    async (ORIGIN) => {
      const ended = promisify(execFile)(process.execPath, ['scripts/serve.mjs'], {
        cwd: projectRoot,
        env: { ...process.env, ORIGIN, PORT: '0' },
        timeout: 10_000,
      });
      const failure = (await ended.catch((thrown: unknown) => thrown)) as { code: number; stderr: string };
      expect(failure.code).toBe(1);
      expect(failure.stderr).toMatch(/^ORIGIN must be [^\n]+\n$/);
    },
  );
});
