import { authorizePage } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { recordKept } from '#lib/server/services/outcomes/index.ts';
import { parseJsonBody, readBody } from '../../../../../api/v1/request-body.ts';
import type { RequestHandler } from './$types';

/** Takes an outcome that the browser kept. Whoever is not logged in is sent to the login page, as by every page. */
export const POST: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizePage(event, event.params.workspace ?? '', 'record');
  await ctx.app.limits.write(ctx.actor.id ?? ctx.actor.name);
  const reply = await recordKept(ctx, parseJsonBody(await readBody(event.request)));
  return Response.json(reply, { status: 201, headers: { 'cache-control': 'private, no-store' } });
});
