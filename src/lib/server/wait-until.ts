import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;
const DEADLINE_MS = 1_500;

/**
 * Reads until what was asked for shows, or for a second and a half: a setting takes effect at the leader's next batch,
 * usually within 50 ms. @returns the last reading
 */
export async function waitUntil<T>(read: () => Promise<T>, isSo: (reading: T) => boolean): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const reading = await read();
    if (isSo(reading) || performance.now() >= deadline) return reading;
    await delay(LOOK_EVERY_MS);
  }
}
