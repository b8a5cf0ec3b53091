import type { ResetReason } from '#lib/contracts/feed.ts';
import type { Audience } from './audience.ts';
import { parseCursor, type Cursor } from './cursor.ts';
import type { KnownReach } from './reaches.ts';
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

/** What decides how a reader may continue. */
export interface ResumeHost {
  reader: FeedReader;
  /** How far back the outbox can be replayed for an audience. @throws AppError UNAVAILABLE */
  reach(audience: Audience): Promise<KnownReach>;
  /** Where the feed of the database stands, looked at after the call. */
  head(): Promise<Cursor>;
  futureMs: number;
}

/** What a client that comes with this cursor (or none) gets: the head, everything it missed, or a reset. */
export async function decideResume(
  host: ResumeHost,
  { audience, who, cursorText }: { audience: Audience; who: Reader; cursorText: string | null },
): Promise<Resume> {
  const { reader } = host;
  if (cursorText === null) return { kind: 'fresh', from: reader.visible };
  const cursor = parseCursor(cursorText);
  if (cursor === null) return reset('bad-cursor', null);
  if (cursor.epoch !== reader.epoch) return reset('epoch', cursorText);
  if (cursor.seq > reader.visible && !(await catchesUp(host, cursor))) return reset('future', cursorText);
  const from = cursor.seq;
  const reach = reader.ring.covers(from) ? null : await host.reach(audience);
  // While the database was asked, the reader may have seen that it has another history.
  if (cursor.epoch !== reader.epoch) return reset('epoch', cursorText);
  const trouble = reach === null ? troubleInRing(reader, audience, from) : troubleInOutbox(reach, from);
  if (trouble !== null) return reset(trouble.reason, cursorText, trouble.oldest);
  if (maySeeOther(reader, who, from, reach)) return reset('scope', cursorText);
  return { kind: 'ok', from };
}

/** The client was at an instance that is ahead of this one; when nobody gave out that position, it never comes. */
async function catchesUp(host: ResumeHost, cursor: Cursor): Promise<boolean> {
  const head = await host.head();
  if (head.epoch !== cursor.epoch || head.seq < cursor.seq) return false;
  return host.reader.waitFor(cursor, host.futureMs);
}

/**
 * Whether this person's role changed since: events up to the cursor were chosen by other rights than those of now. A
 * key's scopes are for life.
 */
function maySeeOther({ ring }: FeedReader, who: Reader, from: number, reach: KnownReach | null): boolean {
  const { actor, workspaceId } = who;
  if (actor.type !== 'user') return false;
  if (reach !== null && (reach.accessChanged[actor.id] ?? 0) > from) return true;
  for (let seq = (reach?.asOf ?? from) + 1; seq <= ring.head; seq += 1) {
    const event = ring.at(seq);
    if (event?.type === 'access.changed' && event.workspaceId === workspaceId && event.key === actor.id)
      return true;
  }
  return false;
}

interface Trouble {
  reason: 'expired' | 'too-much';
  oldest: number | null;
}

function troubleInRing({ ring }: FeedReader, audience: Audience, from: number): Trouble | null {
  const { events, bytes } = REPLAY_LIMITS;
  if (ring.head - from <= events && ring.bytesAfter(from) <= bytes) return null;
  const missed = audience.measure(ring, from, REPLAY_LIMITS);
  return missed.events > events || missed.bytes > bytes ? { reason: 'too-much', oldest: null } : null;
}

/** Why what follows `from` cannot be replayed from the outbox; null when it can. */
export function troubleInOutbox({ oldest, least }: KnownReach, from: number): Trouble | null {
  if (oldest === null || from < oldest - 1) return { reason: 'expired', oldest };
  return from < least ? { reason: 'too-much', oldest } : null;
}
