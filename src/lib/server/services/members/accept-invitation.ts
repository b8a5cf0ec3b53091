import { z } from 'zod';
import { newPasswordSchema, personNameSchema } from '#lib/contracts/identity.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { hashPassword } from '../../auth/passwords.ts';
import { createSession, type NewSession } from '../../auth/sessions.ts';
import { sha256 } from '../../auth/sha256.ts';
import type { Person, Visitor } from '../../auth/visitor.ts';
import type { Actor, WorkspaceRole } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';
import { forbidden, notFound } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { insertUser } from '../identity/index.ts';
import { appendAccessChanged } from '../workspaces/index.ts';

interface Taken {
  id: string;
  email: string;
  role: WorkspaceRole;
  workspaceId: string;
  slug: string;
}

/** Uses the link up; of two that come at once, one gets it. @throws AppError NOT_FOUND */
async function takeInvitation(tx: TransactionSql, token: string): Promise<Taken> {
  const [row] = await tx<Taken[]>`
    update invitations i set accepted_at = now() from workspaces w
    where w.id = i.workspace_id and i.token_hash = ${sha256(token)}
      and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
    returning i.id, i.email, i.role, i.workspace_id as "workspaceId", w.slug`;
  if (row === undefined) throw notFound('open invitation');
  return row;
}

async function join(
  tx: TransactionSql,
  visitor: Visitor,
  actor: Extract<Actor, { type: 'user' }>,
  taken: Taken,
) {
  const added = await tx`
    insert into memberships (workspace_id, user_id, role) values (${taken.workspaceId}, ${actor.id}, ${taken.role})
    on conflict do nothing returning user_id`;
  const member = { targetType: 'user', targetId: actor.id, metadata: { role: taken.role } };
  await emitAudit(
    tx,
    { ...visitor, actor, workspace: { id: taken.workspaceId } },
    {
      action: 'invitation.accepted',
      targetType: 'invitation',
      targetId: taken.id,
      metadata: { userId: actor.id, role: taken.role },
    },
    ...added.map(() => ({ action: 'member.added' as const, ...member })),
  );
  await appendAccessChanged(tx, taken.workspaceId, actor.id);
}

/** Somebody with an account joins. @throws AppError NOT_FOUND, or FORBIDDEN when it is for another address */
export async function acceptInvitation(person: Person, token: string): Promise<{ slug: string }> {
  const { app, actor } = person;
  const slug = await app.db.sql.begin(async (tx) => {
    const taken = await takeInvitation(tx, token);
    if (taken.email !== actor.email.toLowerCase()) {
      throw forbidden(`This invitation is for ${taken.email}, and you are logged in as ${actor.email}.`);
    }
    await join(tx, person, actor, taken);
    return taken.slug;
  });
  app.doorbell.ringFeed();
  return { slug };
}

/** Somebody new makes their account, joins and is logged in. @throws AppError NOT_FOUND or VALIDATION */
export async function acceptInvitationAsNewUser(
  visitor: Visitor,
  token: string,
  input: unknown,
): Promise<{ slug: string; session: NewSession }> {
  const { app } = visitor;
  const { name, password } = parseInput(
    z.object({ name: personNameSchema, password: newPasswordSchema }),
    input,
  );
  const passwordHash = await hashPassword(password);
  const joined = await app.db.sql.begin(async (tx) => {
    const taken = await takeInvitation(tx, token);
    const actor = await insertUser(
      tx,
      { ...visitor, actor: null },
      { name, email: taken.email, passwordHash },
    );
    await join(tx, visitor, actor, taken);
    const session = await createSession(tx, actor.id, visitor);
    await emitAudit(
      tx,
      { ...visitor, actor, workspace: null },
      { action: 'session.created', targetType: 'session', targetId: session.rowId },
    );
    return { slug: taken.slug, session };
  });
  app.doorbell.ringFeed();
  return joined;
}
