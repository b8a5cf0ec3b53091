import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { readFoldChecks, startFoldCheck } from '#lib/server/services/fold-checks/index.ts';
import { limitWrites } from '../limit-writes.ts';
import { answer, otherMethods } from '../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) =>
  answer(await readFoldChecks(await authorizeApi(event, 'read'))),
);

/** 202: the check goes on after the answer. */
export const POST: RequestHandler = apiHandler(async (event) => {
  const ctx = await authorizeApi(event, 'manage');
  await limitWrites(ctx);
  return answer(await startFoldCheck(ctx), 202);
});

export const { OPTIONS, fallback } = otherMethods('GET', 'POST');
