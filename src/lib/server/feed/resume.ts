import type { Database } from '../db/client.ts';
import { measureMatching, readHead, readOldest } from '../event-log/index.ts';
import type { Audience } from './audience.ts';
import { parseCursor } from './cursor.ts';
import type { FeedReader } from './reader.ts';

/** Beyond this, reading everything again is cheaper for both sides than being told every step. */
const REPLAY_EVENTS = 5_000;
const REPLAY_BYTES = 2 * 1024 * 1024;

export type ResetReason = 'expired' | 'epoch' | 'future' | 'bad-cursor' | 'slow' | 'too-much';

export type Resume =
  | { kind: 'fresh'; from: number }
  | { kind: 'ok'; from: number }
  /** `stale`: the cursor to say hello with, so that a client cut off now sends it again and is reset again. */
  | { kind: 'reset'; reason: ResetReason; stale: string | null; oldest: number | null };

const reset = (reason: ResetReason, stale: string | null, oldest: number | null = null): Resume => ({
  kind: 'reset',
  reason,
  stale,
  oldest,
});

/** What a client that comes with this cursor (or none) gets: the head, everything it missed, or a reset. */
export async function decideResume(
  db: Database,
  reader: FeedReader,
  audience: Audience,
  cursorText: string | null,
  futureMs: number,
): Promise<Resume> {
  if (cursorText === null) return { kind: 'fresh', from: reader.visible };
  const cursor = parseCursor(cursorText);
  if (cursor === null) return reset('bad-cursor', null);
  if (cursor.epoch !== reader.epoch) return reset('epoch', cursorText);
  if (cursor.seq > reader.visible && !(await catchesUp(db, reader, cursor.seq, futureMs))) {
    return reset('future', cursorText);
  }
  const trouble = await replayTrouble(db, reader, audience, cursor.seq);
  if (trouble !== null) return reset(trouble.reason, cursorText, trouble.oldest);
  return { kind: 'ok', from: cursor.seq };
}

/** The client was at an instance that is ahead of this one; when nobody gave out that position, it never comes. */
async function catchesUp(db: Database, reader: FeedReader, seq: number, futureMs: number): Promise<boolean> {
  const head = await readHead(db.sql);
  if (head.epoch !== reader.epoch || head.seq < seq) return false;
  return reader.waitFor(seq, futureMs);
}

/** Why what follows `from` cannot be replayed; null when it can. */
export async function replayTrouble(
  db: Database,
  reader: FeedReader,
  audience: Audience,
  from: number,
): Promise<{ reason: 'expired' | 'too-much'; oldest: number | null } | null> {
  const { ring } = reader;
  const limits = { events: REPLAY_EVENTS, bytes: REPLAY_BYTES };
  if (ring.covers(from)) {
    const missed = audience.measure(ring, from, limits);
    return missed.events > limits.events || missed.bytes > limits.bytes
      ? { reason: 'too-much', oldest: null }
      : null;
  }
  const oldest = await readOldest(db.sql);
  // Events are dropped by days, oldest first, so what follows `from` is there when its successor is.
  if (oldest === null || from < oldest - 1) return { reason: 'expired', oldest };
  const missed = await measureMatching(db.sql, audience.filter, {
    from,
    to: reader.visible,
    limit: limits.events + 1,
  });
  return missed.events > limits.events || missed.bytes > limits.bytes ? { reason: 'too-much', oldest } : null;
}
