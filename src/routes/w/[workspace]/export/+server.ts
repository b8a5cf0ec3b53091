import { authorizePage } from '#lib/server/auth/authorize.ts';
import { reportFault } from '#lib/server/error-mapping.ts';
import { EXPORT_FORMATS, streamExport } from '#lib/server/services/export/index.ts';
import type { RequestHandler } from './$types';

const TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' } as const;

/** Every outcome of the workspace as a file: `?format=ndjson` (which `npm run record` reads back) or `csv`. */
export const GET: RequestHandler = async (event) => {
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const wanted = event.url.searchParams.get('format');
  const format = EXPORT_FORMATS.find((known) => known === wanted) ?? 'ndjson';
  const readable = streamExport(ctx, format, {
    onFault: (thrown) => reportFault(thrown, event.locals.requestId),
    onBroken: () => event.platform?.req.destroy(),
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
