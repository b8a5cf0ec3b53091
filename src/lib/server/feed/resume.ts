import type { ResetReason } from '#lib/contracts/feed.ts';
import type { Database } from '../db/client.ts';
import { hasAccessChanged, measureMatching, readHead, readOldest } from '../event-log/index.ts';
import type { Audience } from './audience.ts';
import { parseCursor, type Cursor } from './cursor.ts';
import type { FeedReader } from './reader.ts';
import type { Reader } from './still-allowed.ts';

/** Beyond this, reading everything again is cheaper for both sides than being told every step. */
export const REPLAY_LIMITS = { events: 5_000, bytes: 2 * 1024 * 1024 };

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
  { db, reader, futureMs }: { db: Database; reader: FeedReader; futureMs: number },
  { audience, who, cursorText }: { audience: Audience; who: Reader; cursorText: string | null },
): Promise<Resume> {
  if (cursorText === null) return { kind: 'fresh', from: reader.visible };
  const cursor = parseCursor(cursorText);
  if (cursor === null) return reset('bad-cursor', null);
  if (cursor.epoch !== reader.epoch) return reset('epoch', cursorText);
  if (cursor.seq > reader.visible && !(await catchesUp(db, reader, cursor, futureMs))) {
    return reset('future', cursorText);
  }
  const trouble = await replayTrouble(db, reader, audience, cursor.seq);
  if (trouble !== null) return reset(trouble.reason, cursorText, trouble.oldest);
  if (await maySeeOther(db, reader, who, cursor.seq)) return reset('scope', cursorText);
  return { kind: 'ok', from: cursor.seq };
}

/** The client was at an instance that is ahead of this one; when nobody gave out that position, it never comes. */
async function catchesUp(
  db: Database,
  reader: FeedReader,
  cursor: Cursor,
  futureMs: number,
): Promise<boolean> {
  const head = await readHead(db.sql);
  if (head.epoch !== cursor.epoch || head.seq < cursor.seq) return false;
  return reader.waitFor(cursor, futureMs);
}

/**
 * Whether this person's role changed since: events up to the cursor were chosen by other rights than those of now. A
 * key's scopes are for life.
 */
async function maySeeOther(db: Database, reader: FeedReader, who: Reader, from: number): Promise<boolean> {
  const { actor, workspaceId } = who;
  if (actor.type !== 'user') return false;
  const { ring } = reader;
  if (!ring.covers(from)) return hasAccessChanged(db.sql, { workspaceId, userId: actor.id }, from);
  for (let seq = from + 1; seq <= ring.head; seq += 1) {
    const event = ring.at(seq);
    if (event?.type === 'access.changed' && event.workspaceId === workspaceId && event.key === actor.id)
      return true;
  }
  return false;
}

/** Why what follows `from` cannot be replayed; null when it can. */
export async function replayTrouble(
  db: Database,
  reader: FeedReader,
  audience: Audience,
  from: number,
): Promise<{ reason: 'expired' | 'too-much'; oldest: number | null } | null> {
  const { ring } = reader;
  const limits = REPLAY_LIMITS;
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
