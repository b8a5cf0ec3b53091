import { expect, it } from 'vitest';
import { createSequencer, readCursor, readHead } from '#lib/server/event-log/index.ts';
import { appendNotes, until } from '../event-log/support.ts';
import { startFeedServer } from './feed-server.ts';
import { RawReader } from './raw-reader.ts';

const seqOf = (cursor: unknown) => Number(String(cursor).split('-')[1]);
const epochOf = (cursor: unknown) => String(cursor).split('-')[0];

it('a database that goes on from a copy gives no place twice to anybody: open streams and later cursors are reset', async () => {
  const server = await startFeedServer({ sequence: false, timings: { pollMs: 200 } });
  const { sql, url } = server.db;
  const sequence = () => {
    const sequencer = createSequencer({ url, doorbell: server.doorbell });
    sequencer.start();
    return sequencer;
  };
  const reached = (seq: number) =>
    until(
      () => readCursor(sql),
      (cursor) => seqOf(cursor) === seq,
    );
  const publish = async (keys: readonly string[]) => {
    await appendNotes(sql, workspace.id, keys, { type: 'import.progressed' });
    server.doorbell.ringFeed();
  };
  const workspace = await server.addWorkspace('one');
  const key = await server.addKey(workspace);
  let sequencer = sequence();
  try {
    await publish(Array.from({ length: 10 }, (_, n) => `before/${n}`));
    const before = await reached(10);
    const open = await new RawReader(`${server.url}?since=${epochOf(before)}-0`, key).until(
      (r) => r.deltas.length === 10,
    );
    await sequencer.stop();
    // The last three never reached the copy, which took over on a timeline of its own.
    await sql.begin(async (tx) => {
      await tx`delete from feed_outbox where seq > 7`;
      await tx`update feed_head set seq = 7`;
      await tx`update instance set value = '"the primary that was lost"' where key = 'feed lineage'`;
    });
    await publish(Array.from({ length: 6 }, (_, n) => `after/${n}`));
    sequencer = sequence();
    const after = await reached(13);
    expect(epochOf(after)).not.toBe(epochOf(before));
    await open.until((r) => r.of('live').some(({ id }) => epochOf(id) === epochOf(after)));
    await publish(['last']);
    await open.until((r) => r.keys().includes('last'));
    // Once, whichever of the reader and the sequencer looked at the copy first.
    expect(open.of('reset').map(({ json }) => json['reason'])).toEqual(['epoch']);
    const afterwards = open.deltas.slice(10);
    for (const { id } of afterwards) expect(epochOf(id)).toBe(epochOf(after));
    for (const cursor of [before, `${epochOf(before)}-9`]) {
      const late = await new RawReader(`${server.url}?since=${cursor}`, key).until(
        (r) => r.of('live').length === 1,
      );
      expect(late.of('reset')[0]?.json['reason']).toBe('epoch');
      late.close();
    }
    open.close();
  } finally {
    await sequencer.stop();
    await server.stop();
  }
});

it('a copy put back under a running server, which nothing tells from the database before, begins an epoch of its own', async () => {
  const server = await startFeedServer({ timings: { pollMs: 200 } });
  const { sql } = server.db;
  try {
    const workspace = await server.addWorkspace('one');
    const key = await server.addKey(workspace);
    const { epoch } = await readHead(sql);
    const open = new RawReader(`${server.url}?since=${epoch}-0`, key);
    const keys = Array.from({ length: 10 }, (_, n) => `before/${n}`);
    await appendNotes(sql, workspace.id, keys, { type: 'import.progressed' });
    await open.until((r) => r.deltas.length === 10);
    await sql.begin(async (tx) => {
      await tx`delete from feed_outbox where seq > 7`;
      await tx`update feed_head set seq = 7`;
    });
    await open.until((r) => r.of('live').length === 1);
    await appendNotes(sql, workspace.id, ['after'], { type: 'import.progressed' });
    await open.until((r) => r.keys().includes('after'));
    const after = await readHead(sql);
    expect(after.epoch).not.toBe(epoch);
    expect(open.of('reset').map(({ json }) => json['reason'])).toEqual(['epoch']);
    expect(open.deltas.at(-1)?.id).toBe(`${after.epoch}-8`);
    const late = await new RawReader(`${server.url}?since=${epoch}-8`, key).until(
      (r) => r.of('live').length === 1,
    );
    expect(late.of('reset')[0]?.json['reason']).toBe('epoch');
    late.close();
    open.close();
  } finally {
    await server.stop();
  }
});
