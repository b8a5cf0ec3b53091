import type { App } from '../../app.ts';

/** Every workspace of the installation, for commands of its operator. */
export async function listAllWorkspaces(app: Pick<App, 'db'>): Promise<{ id: string; slug: string }[]> {
  return app.db.sql<{ id: string; slug: string }[]>`select id, slug from workspaces order by slug`;
}
