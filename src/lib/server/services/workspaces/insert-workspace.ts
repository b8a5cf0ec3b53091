import type { WorkspaceInput } from '#lib/contracts/identity.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import type { Actor, WorkspaceInfo } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';
import { conflict } from '../../errors.ts';
import { slugCandidate, slugFrom } from './slug.ts';

const MAX_ATTEMPTS = 500;

interface Author {
  actor: Actor;
  ip: string | null;
  requestId: string;
}

/**
 * A new workspace with its first admin, in the caller's transaction. The slug comes from the name and gets a number
 * when it is taken; a slug that is given must be free.
 * @throws AppError CONFLICT
 */
export async function insertWorkspace(
  tx: TransactionSql,
  author: Author,
  adminId: string,
  input: WorkspaceInput & { slug?: string; simulated?: boolean },
): Promise<WorkspaceInfo> {
  const workspace = await insertWithFreeSlug(tx, input);
  await tx`insert into memberships (workspace_id, user_id, role) values (${workspace.id}, ${adminId}, 'admin')`;
  await emitAudit(
    tx,
    { ...author, workspace },
    {
      action: 'workspace.created',
      targetType: 'workspace',
      targetId: workspace.id,
      metadata: {
        slug: workspace.slug,
        name: workspace.name,
        preset: workspace.preset,
        simulated: workspace.simulated,
      },
    },
    { action: 'member.added', targetType: 'user', targetId: adminId, metadata: { role: 'admin' } },
  );
  return workspace;
}

async function insertWithFreeSlug(
  tx: TransactionSql,
  {
    name,
    preset,
    timezone,
    slug,
    simulated = false,
  }: WorkspaceInput & { slug?: string; simulated?: boolean },
): Promise<WorkspaceInfo> {
  const wanted = slug ?? slugFrom(name);
  const attempts = slug === undefined ? MAX_ATTEMPTS : 1;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const [row] = await tx<WorkspaceInfo[]>`
      insert into workspaces (slug, name, preset, timezone, simulated)
      values (${slugCandidate(wanted, attempt)}, ${name}, ${preset}, ${timezone}, ${simulated})
      on conflict (slug) do nothing
      returning id, slug, name, preset, timezone, simulated`;
    if (row !== undefined) return row;
  }
  throw conflict(`The address ${wanted} is taken. Choose another name.`);
}
