import { expect, it } from 'vitest';
import type { Audience } from '#lib/server/feed/audience.ts';
import { Audiences } from '#lib/server/feed/audiences.ts';
import { FeedCounters } from '#lib/server/feed/counters.ts';
import { answerPoll } from '#lib/server/feed/poll.ts';
import { Ring } from '#lib/server/feed/ring.ts';
import type { StreamHost } from '#lib/server/feed/stream-host.ts';

it('a poll whose reader has other rights by the time it has read answers with nothing and goes on from where it was', async () => {
  const filter = { workspaceId: 'w', topics: ['collections'], scopes: ['workspace'], patterns: null };
  const ended = new AbortController();
  let reads = 0;
  const host = {
    reader: { ring: new Ring(100), visible: 100, epoch: 'abcd' },
    counters: new FeedCounters(),
    replay(_: Audience, from: number) {
      reads += 1;
      ended.abort();
      return Promise.resolve({ from, to: Math.min(100, from + 40), events: [], bytes: new Uint8Array() });
    },
  } as unknown as StreamHost;
  const body = await answerPoll(host, {
    audience: new Audiences(() => undefined).join(filter, false),
    resume: { kind: 'ok', from: 10 },
    snapshot: { atStart: [], afterReset: true },
    waitMs: 0,
    ended: ended.signal,
    streaming: true,
  });
  expect(JSON.parse(body)).toMatchObject({ from: 'abcd-10', to: 'abcd-10', events: [] });
  expect(reads).toBeGreaterThan(0);
});
