import { produce } from 'sveltekit-sse';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { problemResponse } from '#lib/server/error-mapping.ts';
import { getImport, isAtRest, watchImport } from '#lib/server/services/imports/index.ts';
import type { RequestHandler } from './$types';

const PING_MS = 15_000;

/** How far an import is, as a stream of `import` events that ends when it rests or the server stops. sveltekit-sse asks with POST. */
export const POST: RequestHandler = async (event) => {
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const { id } = event.params;
  try {
    await getImport(ctx, id);
  } catch (thrown) {
    return problemResponse(thrown, event.locals.requestId);
  }
  return produce(
    async ({ emit, lock }) => {
      const end = () => lock.set(false);
      const { draining } = ctx.app;
      draining.addEventListener('abort', end);
      if (draining.aborted) end();
      let stopWatching: () => void = () => undefined;
      try {
        stopWatching = await watchImport(ctx, id, (view) => {
          const { error } = emit('import', JSON.stringify(view));
          if (error !== false || isAtRest(view.state)) end();
        });
      } catch (thrown) {
        // The stream has begun: it ends, and the page asks again.
        problemResponse(thrown, event.locals.requestId);
        end();
      }
      return () => {
        draining.removeEventListener('abort', end);
        stopWatching();
      };
    },
    { ping: PING_MS, headers: { 'X-Accel-Buffering': 'no', 'Cache-Control': 'no-store, no-transform' } },
  );
};
