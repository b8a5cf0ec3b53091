import { authorizePage } from '#lib/server/auth/authorize.ts';
import { reportFault } from '#lib/server/error-mapping.ts';
import { EXPORT_FORMATS, exportOutcomes } from '#lib/server/services/export/index.ts';
import type { RequestHandler } from './$types';

const TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' } as const;

/** Every outcome of the workspace as a file: `?format=ndjson` (which `npm run record` reads back) or `csv`. */
export const GET: RequestHandler = async (event) => {
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const wanted = event.url.searchParams.get('format');
  const format = EXPORT_FORMATS.find((known) => known === wanted) ?? 'ndjson';
  const encoder = new TextEncoder();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  // Written while it is read: a slow reader holds the next page back, one who leaves ends it.
  const writing = exportOutcomes(ctx, format, async (text) => {
    await writer.ready;
    await writer.write(encoder.encode(text));
  });
  writing
    .then(() => writer.close())
    .catch(async (thrown: unknown) => {
      reportFault(thrown, event.locals.requestId);
      await writer.abort(thrown).catch(() => undefined);
    });
  const day = new Date(ctx.now()).toISOString().slice(0, 10);
  return new Response(readable, {
    headers: {
      'content-type': TYPES[format],
      'content-disposition': `attachment; filename="${ctx.workspace.slug}-${day}.${format}"`,
      'cache-control': 'no-store',
    },
  });
};
