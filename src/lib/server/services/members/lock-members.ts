import type { WorkspaceRole } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';
import { conflict, notFound } from '../../errors.ts';

interface Locked {
  userId: string;
  role: WorkspaceRole;
}

/**
 * The member, with all memberships of the workspace locked, so that two admins cannot take the role from each other
 * at once.
 * @throws AppError NOT_FOUND
 */
export async function lockMember(tx: TransactionSql, workspaceId: string, userId: string) {
  const members = await tx<Locked[]>`
    select user_id as "userId", role from memberships where workspace_id = ${workspaceId} order by user_id for update`;
  const member = members.find((one) => one.userId === userId);
  if (member === undefined) throw notFound('member');
  const otherAdmins = members.filter((one) => one.role === 'admin' && one.userId !== userId).length;
  return { role: member.role, isLastAdmin: member.role === 'admin' && otherAdmins === 0 };
}

export const lastAdmin = () =>
  conflict('A workspace keeps at least one admin. Make somebody else an admin first.');
