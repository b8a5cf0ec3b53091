import type { GoawayReason, ResetReason } from '#lib/contracts/feed.ts';
import { formatCursor } from './cursor.ts';
import { controlFrame } from './encode.ts';

const RETRY_AFTER_LOSS_MS = 2_000;
/** Milliseconds until a client should come back, spread so that they do not come together. */
const RETRY_MS: Record<GoawayReason, { least: number; spread: number }> = {
  deploy: { least: 500, spread: 4_500 },
  'max-age': { least: 200, spread: 1_000 },
  'too-many': { least: 10_000, spread: 10_000 },
  revoked: { least: 1_000, spread: 2_000 },
  off: { least: 25_000, spread: 10_000 },
  unavailable: { least: 2_000, spread: 3_000 },
};

/**
 * `from` is what the client resumed from, never the head: a cut right after hello must not skip the replay. Null when
 * there is nothing to continue from yet.
 */
export function helloFrame(hello: {
  resume: 'ok' | 'fresh' | 'reset';
  from: string | null;
  head: string;
  topics: readonly string[];
  beatMs: number;
  lifeMs: number;
}): Buffer {
  const { resume, from, head, topics } = hello;
  const hb = hello.beatMs / 1_000;
  const maxAge = Math.round(hello.lifeMs / 1_000);
  return controlFrame({
    event: 'hello',
    retry: RETRY_AFTER_LOSS_MS,
    ...(from === null ? {} : { id: from }),
    data: { v: 1, resume, from, head, hb, topics, maxAge },
  });
}

/** Without an id: a client that is cut now comes with its old cursor, and is reset again. */
export function resetFrame(
  epoch: string,
  reset: { reason: ResetReason; seq: number; oldest: number | null },
): Buffer {
  const { reason, seq } = reset;
  const oldest = reset.oldest === null ? {} : { oldest: formatCursor(epoch, reset.oldest) };
  return controlFrame({ event: 'reset', data: { reason, head: formatCursor(epoch, seq), ...oldest } });
}

/** A frame that only says where the client is; with an id, so that it goes on from there. */
export function placeFrame(event: 'live' | 'cursor', cursor: string, t?: number): Buffer {
  return controlFrame({ event, id: cursor, data: t === undefined ? { c: cursor } : { c: cursor, t } });
}

export function goawayFrame(reason: GoawayReason, random: () => number): Buffer {
  const retry = Math.round(RETRY_MS[reason].least + RETRY_MS[reason].spread * random());
  return controlFrame({ event: 'goaway', data: { reason, retry }, retry });
}
