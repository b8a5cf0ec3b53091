import { error } from '@sveltejs/kit';
import { authorizeUser } from '#lib/server/auth/visitor.ts';
import { listWorkspaces } from '#lib/server/services/workspaces/index.ts';
import type { PageServerLoad } from './$types';

/** After setup: three ways to the first figures. */
export const load: PageServerLoad = async (event) => {
  const { app, actor } = authorizeUser(event);
  const slug = event.url.searchParams.get('ws');
  const workspace = (await listWorkspaces(app, actor.id)).find((own) => own.slug === slug);
  if (workspace === undefined) error(404, { message: 'There is no such workspace.', code: 'NOT_FOUND' });
  return { workspace: { slug: workspace.slug, name: workspace.name } };
};
