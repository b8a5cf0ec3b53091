import { authorizeApi } from '#lib/server/auth/authorize.ts';
import { apiHandler } from '#lib/server/error-mapping.ts';
import { listPeopleHere } from '#lib/server/services/presence/index.ts';
import { answer, otherMethods } from '../respond.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = apiHandler(async (event) =>
  answer(await listPeopleHere(await authorizeApi(event, 'read'))),
);

export const { OPTIONS, fallback } = otherMethods('GET');
