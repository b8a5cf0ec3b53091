import { redirect } from '@sveltejs/kit';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure } from '#lib/server/error-mapping.ts';
import {
  changeRole,
  invite,
  listInvitations,
  listMembers,
  removeMember,
  revokeInvitation,
} from '#lib/server/services/members/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  event.depends('telltale:members');
  const [members, invitations] = await Promise.all([
    listMembers(ctx),
    ctx.permissions.has('manage') ? listInvitations(ctx) : [],
  ]);
  return {
    members: members.map((member) => ({ ...member, since: member.since.toISOString() })),
    invitations: invitations.map(({ id, email, role, expiresAt }) => ({
      id,
      email,
      role,
      expiresAt: expiresAt.toISOString(),
    })),
  };
};

export const actions: Actions = {
  invite: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'manage');
    const form = await event.request.formData();
    const values = {
      action: 'invite' as const,
      email: String(form.get('email') ?? ''),
      role: String(form.get('role') ?? ''),
    };
    try {
      const { email, token } = await invite(ctx, values);
      return { invited: { email, path: `/invite/${token}` } };
    } catch (thrown) {
      return actionFailure(thrown, values);
    }
  },
  withdraw: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'manage');
    const form = await event.request.formData();
    try {
      await revokeInvitation(ctx, String(form.get('id') ?? ''));
      return { done: 'The invitation was withdrawn; its link no longer works.' };
    } catch (thrown) {
      return actionFailure(thrown, { action: 'members' as const });
    }
  },
  role: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'manage');
    const form = await event.request.formData();
    try {
      await changeRole(ctx, String(form.get('id') ?? ''), { role: form.get('role') });
      return { done: 'The role was changed.' };
    } catch (thrown) {
      return actionFailure(thrown, { action: 'members' as const });
    }
  },
  remove: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'read');
    const form = await event.request.formData();
    const id = String(form.get('id') ?? '');
    try {
      await removeMember(ctx, id);
    } catch (thrown) {
      return actionFailure(thrown, { action: 'members' as const });
    }
    if (ctx.actor.id === id) redirect(303, '/w');
    return { done: 'The member was removed.' };
  },
};
