import { afterEach, beforeEach, expect, it } from 'vitest';
import { FEED_TOPICS } from '#lib/contracts/feed.ts';
import { createSequencer, ensurePartitions, createDoorbell, readHead } from '#lib/server/event-log/index.ts';
import { Audiences } from '#lib/server/feed/audiences.ts';
import type { FeedReader } from '#lib/server/feed/reader.ts';
import { Replays } from '#lib/server/feed/replays.ts';
import { createSlots } from '#lib/server/feed/slots.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { appendNotes, until, workspaceId } from '../event-log/support.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
  await ensurePartitions(db.database);
});
afterEach(() => db.drop());

it('pages that began at the same place under a limit are not given to those who are beyond their end', async () => {
  const workspace = workspaceId();
  await appendNotes(
    db.sql,
    workspace,
    Array.from({ length: 150 }, (_, n) => `note ${n}`),
  );
  const sequencer = createSequencer({ url: db.url, doorbell: createDoorbell({ url: db.url }) });
  sequencer.start();
  const { epoch } = await until(
    () => readHead(db.sql),
    ({ seq }) => seq === 150,
  );
  await sequencer.stop();

  const reader = { epoch, visible: 150 } as FeedReader;
  const replays = new Replays({
    db: db.database,
    reader,
    slots: createSlots(4, 5_000),
    onRead: () => undefined,
  });
  const filter = { workspaceId: workspace, topics: [...FEED_TOPICS], scopes: ['workspace'], patterns: null };
  const audience = new Audiences(() => undefined).join(filter, false);
  const told: number[] = [];
  const goTo = async (position: number, limit: number): Promise<number> => {
    const page = await replays.page(audience, position, limit);
    expect(page.from).toBe(position);
    expect(page.to).toBeGreaterThan(position);
    told.push(...page.events.map(({ seq }) => seq));
    return page.to;
  };
  // As for a reader that stops at 70 for its snapshot and goes on.
  let position = 0;
  for (const limit of [70, 150]) while (position < limit) position = await goTo(position, limit);
  expect(told).toEqual(Array.from({ length: 150 }, (_, i) => i + 1));
});
