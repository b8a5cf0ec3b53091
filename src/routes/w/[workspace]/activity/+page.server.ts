import { readActivityFilters } from '#lib/contracts/activity-address.ts';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { inputProblem } from '#lib/server/error-mapping.ts';
import { listActivity, listActors } from '#lib/server/services/activity/index.ts';
import type { PageServerLoad } from './$types';

const PAGE = 50;

/** One page of what was done here, filtered by the address. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  const ctx = await authorizePage(event, event.params.workspace, 'manage');
  event.depends('telltale:activity');
  const given = event.url.searchParams;
  const filters = readActivityFilters(given);
  const before = given.get('before') ?? '';
  const asked = Object.entries({ ...filters, before }).filter(([, value]) => value !== '');
  const [list, actors] = await Promise.all([
    listActivity(ctx, { ...Object.fromEntries(asked), limit: PAGE }).catch((thrown: unknown) => ({
      items: [],
      next: null,
      problem: inputProblem(thrown),
    })),
    listActors(ctx),
  ]);
  return {
    filters,
    list,
    actors,
    problem: 'problem' in list ? list.problem : null,
    firstPage: before === '',
    limit: PAGE,
  };
};
