import { setupInputSchema } from '#lib/contracts/identity.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { hashPassword } from '../../auth/passwords.ts';
import { createSession, type NewSession } from '../../auth/sessions.ts';
import type { Visitor } from '../../auth/visitor.ts';
import type { WorkspaceInfo } from '../../context.ts';
import { forbidden } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { insertWorkspace } from '../workspaces/index.ts';
import { insertUser } from './insert-user.ts';
import { isSetupToken, takeSetupToken } from './setup-token.ts';

const USED_UP = 'This setup link no longer works. Start Telltale again to get a new one, or log in.';

/**
 * Makes the admin and the first workspace, and logs in. Works once.
 * @throws AppError FORBIDDEN for a wrong or used token, VALIDATION
 */
export async function completeSetup(
  visitor: Visitor,
  token: string,
  input: unknown,
): Promise<{ session: NewSession; workspace: WorkspaceInfo }> {
  const { app } = visitor;
  if (!(await isSetupToken(app, token))) throw forbidden(USED_UP);
  const {
    name,
    email,
    password,
    workspace: workspaceName,
    preset,
    timezone,
  } = parseInput(setupInputSchema, input);
  const passwordHash = await hashPassword(password);
  const made = await app.db.sql.begin(async (tx) => {
    if (!(await takeSetupToken(tx, token))) throw forbidden(USED_UP);
    const actor = await insertUser(
      tx,
      { ...visitor, actor: null },
      { name, email, passwordHash, operator: true },
    );
    const author = { ...visitor, actor };
    const workspace = await insertWorkspace(tx, author, actor.id, { name: workspaceName, preset, timezone });
    const session = await createSession(tx, actor.id, visitor);
    await emitAudit(
      tx,
      { ...author, workspace: null },
      {
        action: 'session.created',
        targetType: 'session',
        targetId: session.rowId,
      },
    );
    return { session, workspace };
  });
  app.doorbell.ringLog(made.workspace.id);
  app.doorbell.ringFeed();
  return made;
}
