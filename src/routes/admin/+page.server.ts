import { redirect } from '@sveltejs/kit';
import { authorizeOperator } from '#lib/server/auth/operators.ts';
import type { PageServerLoad } from './$types';

/** The live feed is the one page of the installation yet. */
export const load: PageServerLoad = async (event) => {
  await authorizeOperator(event);
  redirect(303, '/admin/live');
};
