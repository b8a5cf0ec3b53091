import { asc, eq } from 'drizzle-orm';
import type { App } from '../../app.ts';
import type { WorkspaceInfo, WorkspaceRole } from '../../context.ts';
import { memberships, workspaces } from '../../db/schema/index.ts';

export type OwnWorkspace = WorkspaceInfo & { role: WorkspaceRole };

/** The workspaces a person is a member of, by name. */
export async function listWorkspaces(app: Pick<App, 'db'>, userId: string): Promise<OwnWorkspace[]> {
  return app.db.orm
    .select({
      id: workspaces.id,
      slug: workspaces.slug,
      name: workspaces.name,
      preset: workspaces.preset,
      timezone: workspaces.timezone,
      simulated: workspaces.simulated,
      role: memberships.role,
    })
    .from(memberships)
    .innerJoin(workspaces, eq(workspaces.id, memberships.workspaceId))
    .where(eq(memberships.userId, userId))
    .orderBy(asc(workspaces.name), asc(workspaces.slug));
}
