/** How much of a refused body is read before the answer: most senders read an answer only when all is sent. */
export interface DiscardBounds {
  bytes: number;
  ms: number;
}

export const DISCARD_BOUNDS: DiscardBounds = { bytes: 64 * 1024 * 1024, ms: 5_000 };
/** Time for the answer to leave before a connection that still sends is broken. */
const ANSWER_MS = 2_000;

/**
 * Reads what is left of a body and forgets it, so that its sender sees the reason of a refusal and no broken
 * connection. A sender who goes on beyond the bounds is cut off a moment later.
 */
export async function discardBody(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bounds: DiscardBounds = DISCARD_BOUNDS,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      over = true;
      resolve(false);
    }, bounds.ms);
  });
  const reading = (async () => {
    for (let size = 0; size <= bounds.bytes && !over;) {
      const { done, value } = await reader.read();
      if (done) return true;
      size += value.byteLength;
    }
    return false;
  })().catch(() => true); // The sender has left: there is nothing to read, and nobody to tell.
  const ended = await Promise.race([reading, late]);
  clearTimeout(timer);
  if (!ended) setTimeout(() => void reader.cancel().catch(() => undefined), ANSWER_MS).unref();
}
