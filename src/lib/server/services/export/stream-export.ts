import type { Context } from '../../context.ts';
import { coerceError } from '../../errors.ts';
import { exportOutcomes, type ExportFormat } from './export-outcomes.ts';

/** How long a reader may take nothing before the export ends. */
const STALL_MS = 30_000;

export interface StreamOptions {
  /** A failure of ours; a reader who leaves or stalls, and a server that stops, are none. */
  onFault: (thrown: unknown) => void;
  /** The file is not whole: what carries it is to be broken off as well, as a stalled carrier does not notice. */
  onBroken?: () => void;
  stallMs?: number;
}

/**
 * An export as a stream of bytes, written while it is read: a slow reader holds the next page back. It is broken off
 * when nothing is read for 30 s and when the server stops.
 */
export function streamExport(
  ctx: Context,
  format: ExportFormat,
  { onFault, onBroken = () => undefined, stallMs = STALL_MS }: StreamOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const { draining } = ctx.app;
  /** Aborted when the stream ends early without a fault. */
  const early = new AbortController();
  const stop = () => early.abort(new Error('The server stops.'));
  let pulled: () => void = () => undefined;

  /** Waits until the reader wants more. */
  const wanted = () =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => early.abort(new Error('Nobody reads this export.')), stallMs);
      const give = () => {
        clearTimeout(timer);
        reject(coerceError(early.signal.reason));
      };
      early.signal.addEventListener('abort', give, { once: true });
      pulled = () => {
        clearTimeout(timer);
        early.signal.removeEventListener('abort', give);
        resolve();
      };
    });

  async function run(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      await exportOutcomes(ctx, format, async (text) => {
        early.signal.throwIfAborted();
        if ((controller.desiredSize ?? 0) <= 0) await wanted();
        early.signal.throwIfAborted();
        controller.enqueue(encoder.encode(text));
      });
      early.signal.throwIfAborted();
      controller.close();
    } catch (thrown) {
      if (!early.signal.aborted) onFault(thrown);
      controller.error(thrown);
      onBroken();
    } finally {
      draining.removeEventListener('abort', stop);
    }
  }

  return new ReadableStream<Uint8Array>({
    start(controller) {
      draining.addEventListener('abort', stop);
      if (draining.aborted) stop();
      void run(controller);
    },
    pull: () => pulled(),
    cancel: () => early.abort(new Error('The reader has left.')),
  });
}
