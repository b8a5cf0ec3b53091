import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { listActivity } from '#lib/server/services/activity/index.ts';
import { answer, otherMethods, queryOf } from '../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) =>
  answer(await listActivity(await authorizeApi(event, 'manage'), queryOf(event.url))),
);

export const { OPTIONS, fallback } = otherMethods('GET');
