import type { App } from '../../app.ts';
import { findWorkspaceBySlug } from '../../auth/workspace-access.ts';
import type { WorkspaceInfo } from '../../context.ts';
import { notFound } from '../../errors.ts';

/** The workspace at this address, for commands; pages and the API authorize instead. @throws AppError NOT_FOUND */
export async function findWorkspace(app: Pick<App, 'db'>, slug: string): Promise<WorkspaceInfo> {
  const workspace = await findWorkspaceBySlug(app.db, slug);
  if (workspace === null) throw notFound(`workspace as ${slug}`);
  return workspace;
}
