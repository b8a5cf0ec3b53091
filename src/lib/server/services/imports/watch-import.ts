import type { ImportView } from '#lib/contracts/feed.ts';
import { requirePermission, type Context } from '../../context.ts';
import { coerceError } from '../../errors.ts';
import { logger } from '../../logger.ts';
import { findImport, toImportView } from './import-row.ts';

const AT_MOST_EVERY_MS = 200;
const AT_LEAST_EVERY_MS = 2_000;

/** Nothing moves any more until a person does something. */
export const isAtRest = (state: ImportView['state']): boolean =>
  state !== 'checking' && state !== 'importing';

/**
 * Calls `show` with the import now and whenever it has moved, on whichever instance it runs: the feed's doorbell says
 * when to look. Stops by itself when the import rests. @returns how to stop it
 * @throws AppError FORBIDDEN or NOT_FOUND
 */
export async function watchImport(
  ctx: Context,
  id: string,
  show: (view: ImportView) => void,
): Promise<() => void> {
  requirePermission(ctx, 'read');
  const { sql } = ctx.app.db;
  let shown = '';
  let ended = false;
  let timer: NodeJS.Timeout | null = null;
  let lookedAt = -Infinity;
  let looking = false;

  const stop = () => {
    ended = true;
    if (timer !== null) clearTimeout(timer);
    stopListening();
  };

  async function look(): Promise<void> {
    looking = true;
    lookedAt = performance.now();
    const view = toImportView(await findImport(sql, ctx.workspace.id, id));
    looking = false;
    const text = JSON.stringify(view);
    if (!ended && text !== shown) {
      shown = text;
      show(view);
    }
    if (isAtRest(view.state)) stop();
    else if (!ended) schedule(AT_LEAST_EVERY_MS);
  }

  function schedule(inMs: number): void {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      look().catch((thrown: unknown) => {
        looking = false;
        logger.warn({ err: coerceError(thrown), importId: id }, 'an import could not be watched');
        if (!ended) schedule(AT_LEAST_EVERY_MS);
      });
    }, inMs);
    timer.unref();
  }

  const stopListening = ctx.app.doorbell.onSequenced(() => {
    if (!ended && !looking) schedule(Math.max(0, lookedAt + AT_MOST_EVERY_MS - performance.now()));
  });
  try {
    await look();
  } catch (thrown) {
    stop();
    throw thrown;
  }
  return stop;
}
