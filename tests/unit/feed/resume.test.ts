import { expect, it } from 'vitest';
import { Audiences } from '#lib/server/feed/audiences.ts';
import type { FeedReader } from '#lib/server/feed/reader.ts';
import { decideResume, type ResumeHost } from '#lib/server/feed/resume.ts';
import { Ring } from '#lib/server/feed/ring.ts';

it('a cursor is not taken for one of the history that began while the database was asked', async () => {
  const reader = { epoch: 'ep0a', visible: 500, ring: new Ring(400) };
  const host: ResumeHost = {
    reader: reader as unknown as FeedReader,
    reach() {
      Object.assign(reader, { epoch: 'ep0b', visible: 100, ring: new Ring(100) });
      return Promise.resolve({ epoch: 'ep0b', oldest: 1, least: 0, accessChanged: {}, asOf: 100 });
    },
    head: () => Promise.resolve({ epoch: 'ep0b', seq: 100 }),
    futureMs: 0,
  };
  const filter = { workspaceId: 'w', topics: ['outcomes'], scopes: ['workspace'], patterns: null };
  const resume = await decideResume(host, {
    audience: new Audiences(() => undefined).join(filter, false),
    who: {
      workspaceId: 'w',
      actor: { type: 'api-key', id: 'k', name: 'k', workspace: { id: 'w' }, scopes: ['read'] },
      sessionRowId: null,
      permissions: new Set(),
    } as never,
    cursorText: 'ep0a-300',
  });
  expect(resume).toMatchObject({ kind: 'reset', reason: 'epoch', stale: 'ep0a-300' });
});
