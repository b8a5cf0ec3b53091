import { authorizeUser } from '#lib/server/auth/visitor.ts';
import { actionFailure } from '#lib/server/error-mapping.ts';
import {
  changePassword,
  listOwnSessions,
  revokeOtherSessions,
  revokeOwnSession,
} from '#lib/server/services/identity/index.ts';
import { appearsOffline, setAppearOffline } from '#lib/server/services/presence/index.ts';
import { listWorkspaces } from '#lib/server/services/workspaces/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const person = authorizeUser(event);
  const [sessions, workspaces, appearOffline] = await Promise.all([
    listOwnSessions(person),
    listWorkspaces(person.app, person.actor.id),
    appearsOffline(person),
  ]);
  return {
    user: { name: person.actor.name, email: person.actor.email },
    appearOffline,
    workspaces: workspaces.map(({ slug, name, role }) => ({ slug, name, role })),
    sessions: sessions.map(({ rowId, createdAt, ip, userAgent, current }) => ({
      id: rowId,
      since: createdAt.toISOString(),
      ip,
      userAgent,
      current,
    })),
  };
};

export const actions: Actions = {
  password: async (event) => {
    const person = authorizeUser(event);
    const form = await event.request.formData();
    try {
      const ended = await changePassword(person, {
        current: String(form.get('current') ?? ''),
        password: String(form.get('password') ?? ''),
      });
      return { passwordChanged: true, ended };
    } catch (thrown) {
      return actionFailure(thrown, { action: 'password' as const });
    }
  },
  revoke: async (event) => {
    const person = authorizeUser(event);
    const form = await event.request.formData();
    try {
      await revokeOwnSession(person, String(form.get('id') ?? ''));
      return { ended: 1 };
    } catch (thrown) {
      return actionFailure(thrown, { action: 'revoke' as const });
    }
  },
  presence: async (event) => {
    const person = authorizeUser(event);
    const form = await event.request.formData();
    await setAppearOffline(person, form.get('offline') === 'on');
    return { presenceSaved: true };
  },
  others: async (event) => ({ ended: await revokeOtherSessions(authorizeUser(event)) }),
};
