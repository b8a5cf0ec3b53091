import { describe, expect, it } from 'vitest';
import { withChange, type ConnectionEntry } from '#lib/live/connection-log.ts';
import type { FeedState } from '#lib/live/connection.ts';

const logOf = (...states: FeedState[]) =>
  states.reduce<{ log: readonly ConnectionEntry[]; from: FeedState; at: number }>(
    ({ log, from, at }, to) => ({ log: withChange(log, { from, to, at }), from: to, at: at + 1_000 }),
    { log: [], from: 'off', at: 0 },
  ).log;

describe('the log of a connection', () => {
  it('tells when it was established, lost and why, and restored after how long', () => {
    expect(logOf('connecting', 'live', 'reconnecting', 'offline', 'catching-up', 'live')).toEqual([
      { kind: 'restored', at: 4_000, downMs: 2_000 },
      { kind: 'lost', at: 2_000, reason: 'reconnecting' },
      { kind: 'established', at: 1_000 },
    ]);
  });

  it('takes polling for a connection, and one that the person ended for no loss', () => {
    expect(logOf('live', 'polling', 'live').map(({ kind }) => kind)).toEqual(['established']);
    expect(logOf('live', 'off', 'connecting', 'live').map(({ kind }) => kind)).toEqual([
      'established',
      'lost',
      'established',
    ]);
  });

  it('keeps the last twenty', () => {
    const many = Array.from({ length: 60 }, (_, i): FeedState => (i % 2 === 0 ? 'live' : 'offline'));
    expect(logOf(...many)).toHaveLength(20);
  });
});
