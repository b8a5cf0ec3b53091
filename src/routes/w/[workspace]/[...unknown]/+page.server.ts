import { error } from '@sveltejs/kit';
import type { PageServerLoad } from './$types';

/** Addresses that no page has, so that the answer stands inside the workspace. Who may not see it learns nothing. */
export const load: PageServerLoad = async ({ parent }) => {
  await parent();
  error(404, 'There is no such page.');
};
