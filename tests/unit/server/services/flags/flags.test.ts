import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Sql } from '#lib/server/db/client.ts';
import { createFlags } from '#lib/server/services/flags/index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a switch is heard of again after a reading that never got an answer', async () => {
  const off = [{ key: 'streaming', on: false, percent: 100 }];
  const answers = [Promise.resolve([]), new Promise(() => undefined), Promise.resolve(off)];
  const flags = createFlags({ db: { sql: (() => answers.shift()) as unknown as Sql } });
  await flags.start();
  try {
    void flags.refresh();
    const next = flags.refresh();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(answers).toHaveLength(0);
    await next;
    expect(flags.streamingFor('somebody')).toBe(false);
  } finally {
    flags.stop();
  }
});
