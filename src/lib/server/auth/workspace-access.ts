import { and, eq } from 'drizzle-orm';
import { workspaceSlugSchema } from '#lib/contracts/identity.ts';
import type { WorkspaceInfo, WorkspaceRole } from '../context.ts';
import type { Database } from '../db/client.ts';
import { memberships, workspaces } from '../db/schema/index.ts';

const columns = {
  id: workspaces.id,
  slug: workspaces.slug,
  name: workspaces.name,
  preset: workspaces.preset,
  timezone: workspaces.timezone,
  simulated: workspaces.simulated,
};

/** Addresses come as visitors type them, with characters that the database cannot even be asked about. */
const mayBeSlug = (text: string): boolean => workspaceSlugSchema.safeParse(text).success;

export async function findWorkspaceById(db: Database, id: string): Promise<WorkspaceInfo | null> {
  const [row] = await db.orm.select(columns).from(workspaces).where(eq(workspaces.id, id));
  return row ?? null;
}

export async function findWorkspaceBySlug(db: Database, slug: string): Promise<WorkspaceInfo | null> {
  if (!mayBeSlug(slug)) return null;
  const [row] = await db.orm.select(columns).from(workspaces).where(eq(workspaces.slug, slug));
  return row ?? null;
}

/** The workspace and the person's role in it; null when it does not exist or is not theirs. */
export async function findWorkspaceOfUser(
  db: Database,
  userId: string,
  slug: string,
): Promise<{ workspace: WorkspaceInfo; role: WorkspaceRole } | null> {
  if (!mayBeSlug(slug)) return null;
  const [row] = await db.orm
    .select({ ...columns, role: memberships.role })
    .from(workspaces)
    .innerJoin(memberships, eq(memberships.workspaceId, workspaces.id))
    .where(and(eq(workspaces.slug, slug), eq(memberships.userId, userId)));
  if (row === undefined) return null;
  const { role, ...workspace } = row;
  return { workspace, role };
}
