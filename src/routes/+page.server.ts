import { redirect } from '@sveltejs/kit';
import { hasUsers } from '#lib/server/services/identity/index.ts';
import { listWorkspaces } from '#lib/server/services/workspaces/index.ts';
import type { PageServerLoad } from './$types';

/** The start: to the one workspace there is, to the choice, to the login, or to setup. */
export const load: PageServerLoad = async ({ locals: { app, actor } }) => {
  if (actor?.type !== 'user') redirect(303, (await hasUsers(app.db.sql)) ? '/login' : '/setup');
  const [first, second] = await listWorkspaces(app, actor.id);
  redirect(303, first !== undefined && second === undefined ? `/w/${first.slug}` : '/w');
};
