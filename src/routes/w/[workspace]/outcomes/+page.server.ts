import { readOutcomeFilters } from '#lib/contracts/outcome-address.ts';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { inputProblem, pageError } from '#lib/server/error-mapping.ts';
import { findSaved, listOutcomes } from '#lib/server/services/outcomes/index.ts';
import type { PageServerLoad } from './$types';

const PAGE = 50;

/** One page of outcomes, filtered by the address. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  event.depends('telltale:outcomes');
  const given = event.url.searchParams;
  const filters = readOutcomeFilters(given);
  const cursor = given.get('cursor') ?? '';
  const query = {
    ...Object.fromEntries(
      (['subject', 'externalId', 'result'] as const).flatMap((key) =>
        filters[key] === '' ? [] : [[key, filters[key]]],
      ),
    ),
    // Whoever asks for one by its own id wants to know that it was deleted, too.
    deleted: filters.deleted ? 'only' : filters.externalId === '' ? 'hide' : 'show',
    limit: PAGE,
    ...(cursor === '' ? {} : { cursor }),
  };
  const list = await listOutcomes(ctx, query).catch((thrown: unknown) => ({
    items: [],
    next: null,
    problem: inputProblem(thrown),
  }));
  return {
    filters,
    list,
    problem: 'problem' in list ? list.problem : null,
    firstPage: cursor === '',
    limit: PAGE,
    saved: await findSaved(ctx, given.get('saved')).catch(pageError),
  };
};
