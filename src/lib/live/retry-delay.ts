/** Waits before the next attempt to stream, after which polling begins. */
export const FAST_TRIES_MS = [250, 750, 1_500] as const;
export const POLL_EVERY_MS = 5_000;
/** How long a poll may take beyond what it waits at the server. */
export const POLL_PATIENCE_MS = 10_000;
const PROBES_MS = [5_000, 10_000, 20_000];
const LONGEST_PROBE_MS = 30_000;
/** What stands in front of the server may ask for hours, which its return would then not end. */
const LONGEST_ASKED_MS = 30_000;
const MUTE_PROBE_MS = 300_000;

/** Spread over 50 to 100 %, so that clients do not come back together. */
const spread = (ms: number, random: number): number => Math.round(ms * (0.5 + random / 2));

/** Milliseconds before the next attempt after `failures` in a row; null: three fast tries were enough. */
export function fastTryMs(failures: number, random: number): number | null {
  const full = FAST_TRIES_MS[failures];
  return full === undefined ? null : spread(full, random);
}

/**
 * Milliseconds until streaming is tried again while polling. A network that failed may be back any moment; something
 * that swallows streams stays, so trying costs more than it brings.
 */
export function probeMs(why: 'mute' | 'network', probes: number, random: number): number {
  return spread(why === 'mute' ? MUTE_PROBE_MS : (PROBES_MS[probes] ?? LONGEST_PROBE_MS), random);
}

/** Milliseconds until the next poll after one that failed. */
export const pollAgainMs = (random: number): number => spread(POLL_EVERY_MS, random);

/** Milliseconds before something that failed `failures` times in a row is sent again: fast at first, then as above. */
export function retryDelayMs(failures: number, random: number): number {
  return fastTryMs(failures, random) ?? probeMs('network', failures - FAST_TRIES_MS.length, random);
}

/** Milliseconds that an answer's `Retry-After` asks to wait, at most 30 s of them; null when it names no seconds. */
export function askedToWaitMs(headers: Headers): number | null {
  const seconds = Number(headers.get('retry-after'));
  return seconds > 0 ? Math.min(seconds * 1_000, LONGEST_ASKED_MS) : null;
}
