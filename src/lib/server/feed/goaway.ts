import type { GoawayReason } from '#lib/contracts/feed.ts';
import { controlFrame } from './encode.ts';

/** Milliseconds until a client should come back, spread so that they do not come together. */
const RETRY_MS: Record<GoawayReason, { least: number; spread: number }> = {
  deploy: { least: 500, spread: 4_500 },
  'max-age': { least: 200, spread: 1_000 },
  'too-many': { least: 10_000, spread: 10_000 },
  revoked: { least: 1_000, spread: 2_000 },
  off: { least: 25_000, spread: 10_000 },
};

export function goawayFrame(reason: GoawayReason, random: () => number): Buffer {
  const retry = Math.round(RETRY_MS[reason].least + RETRY_MS[reason].spread * random());
  return controlFrame({ event: 'goaway', data: { reason, retry }, retry });
}
