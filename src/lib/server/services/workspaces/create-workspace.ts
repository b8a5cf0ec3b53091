import { workspaceInputSchema } from '#lib/contracts/identity.ts';
import type { Person } from '../../auth/visitor.ts';
import type { WorkspaceInfo } from '../../context.ts';
import { parseInput } from '../../parse-input.ts';
import { insertWorkspace } from './insert-workspace.ts';

/**
 * A new workspace whose admin is the person who makes it. Everybody with an account may: accounts come from an admin.
 * @throws AppError VALIDATION
 */
export async function createWorkspace(
  person: Person,
  input: unknown,
  options: { simulated?: boolean } = {},
): Promise<WorkspaceInfo> {
  const { app, actor } = person;
  const parsed = parseInput(workspaceInputSchema, input);
  const workspace = await app.db.sql.begin((tx) =>
    insertWorkspace(tx, person, actor.id, { ...parsed, simulated: options.simulated ?? false }),
  );
  app.doorbell.ringLog(workspace.id);
  app.doorbell.ringFeed();
  return workspace;
}
