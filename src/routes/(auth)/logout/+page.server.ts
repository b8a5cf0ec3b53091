import { redirect } from '@sveltejs/kit';
import { logOutCookie } from '#lib/server/auth/session-cookie.ts';
import { localPath, visitorOf } from '#lib/server/auth/visitor.ts';
import { logOut } from '#lib/server/services/identity/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals }) => {
  if (locals.actor?.type !== 'user') redirect(303, '/login');
  return { email: locals.actor.email };
};

export const actions: Actions = {
  default: async (event) => {
    const { actor, session } = event.locals;
    if (actor?.type === 'user') await logOut({ ...visitorOf(event), actor, session });
    logOutCookie(event);
    const next = event.url.searchParams.get('next');
    redirect(303, next === null ? '/login' : localPath(next));
  },
};
