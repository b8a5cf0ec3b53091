import { redirect } from '@sveltejs/kit';
import { logInCookie } from '#lib/server/auth/session-cookie.ts';
import { localPath, visitorOf } from '#lib/server/auth/visitor.ts';
import { actionFailure } from '#lib/server/error-mapping.ts';
import { hasUsers, logIn } from '#lib/server/services/identity/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals: { app, actor }, url }) => {
  if (actor?.type === 'user') redirect(303, localPath(url.searchParams.get('next')));
  return { isSetUp: await hasUsers(app.db.sql) };
};

export const actions: Actions = {
  default: async (event) => {
    const form = await event.request.formData();
    const email = String(form.get('email') ?? '');
    try {
      const session = await logIn(visitorOf(event), { email, password: String(form.get('password') ?? '') });
      logInCookie(event, session);
    } catch (thrown) {
      return actionFailure(thrown, { email });
    }
    redirect(303, localPath(event.url.searchParams.get('next')));
  },
};
