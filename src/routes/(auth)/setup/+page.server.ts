import { redirect } from '@sveltejs/kit';
import { logInCookie } from '#lib/server/auth/session-cookie.ts';
import { timezones } from '#lib/contracts/timezones.ts';
import { visitorOf } from '#lib/server/auth/visitor.ts';
import { actionFailure } from '#lib/server/error-mapping.ts';
import { completeSetup, hasUsers, isSetupToken } from '#lib/server/services/identity/index.ts';
import type { Actions, PageServerLoad } from './$types';

const tokenOf = (url: URL) => url.searchParams.get('token') ?? '';

export const load: PageServerLoad = async ({ locals: { app }, url, setHeaders }) => {
  if (await hasUsers(app.db.sql)) redirect(303, '/');
  setHeaders({ 'cache-control': 'no-store' });
  return { tokenWorks: await isSetupToken(app, tokenOf(url)), zones: timezones() };
};

export const actions: Actions = {
  default: async (event) => {
    const form = await event.request.formData();
    const text = (name: string) => String(form.get(name) ?? '');
    const values = {
      name: text('name'),
      email: text('email'),
      workspace: text('workspace'),
      preset: text('preset'),
      timezone: text('timezone'),
    };
    let slug: string;
    try {
      const { session, workspace } = await completeSetup(visitorOf(event), tokenOf(event.url), {
        ...values,
        password: text('password'),
      });
      logInCookie(event, session);
      slug = workspace.slug;
    } catch (thrown) {
      return actionFailure(thrown, values);
    }
    redirect(303, `/setup/next?ws=${slug}`);
  },
};
