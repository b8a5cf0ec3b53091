import { error, redirect } from '@sveltejs/kit';
import { logInCookie } from '#lib/server/auth/session-cookie.ts';
import { authorizeUser, visitorOf } from '#lib/server/auth/visitor.ts';
import { actionFailure } from '#lib/server/error-mapping.ts';
import {
  acceptInvitation,
  acceptInvitationAsNewUser,
  readInvitation,
} from '#lib/server/services/members/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals: { app, actor }, params, setHeaders }) => {
  setHeaders({ 'cache-control': 'no-store' });
  const invitation = await readInvitation(app, params.token);
  if (invitation === null) {
    error(404, { message: 'This invitation was used or has ended. Ask for a new one.', code: 'NOT_FOUND' });
  }
  return {
    invitation,
    loggedInAs: actor?.type === 'user' ? actor.email : null,
    path: `/invite/${params.token}`,
  };
};

export const actions: Actions = {
  join: async (event) => {
    const person = authorizeUser(event);
    let slug: string;
    try {
      ({ slug } = await acceptInvitation(person, event.params.token));
    } catch (thrown) {
      return actionFailure(thrown, { name: '' });
    }
    redirect(303, `/w/${slug}`);
  },
  create: async (event) => {
    const form = await event.request.formData();
    const name = String(form.get('name') ?? '');
    let slug: string;
    try {
      const password = String(form.get('password') ?? '');
      const joined = await acceptInvitationAsNewUser(visitorOf(event), event.params.token, {
        name,
        password,
      });
      logInCookie(event, joined.session);
      slug = joined.slug;
    } catch (thrown) {
      return actionFailure(thrown, { name });
    }
    redirect(303, `/w/${slug}`);
  },
};
