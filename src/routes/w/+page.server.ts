import { redirect } from '@sveltejs/kit';
import { timezones } from '#lib/contracts/timezones.ts';
import { isOperator } from '#lib/server/auth/operators.ts';
import { authorizeUser } from '#lib/server/auth/visitor.ts';
import { actionFailure } from '#lib/server/error-mapping.ts';
import { createWorkspace, listWorkspaces } from '#lib/server/services/workspaces/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { app, actor } = authorizeUser(event);
  const [workspaces, operates] = await Promise.all([
    listWorkspaces(app, actor.id),
    isOperator(app, actor.id),
  ]);
  return {
    user: { name: actor.name },
    operates,
    workspaces: workspaces.map(({ slug, name, preset, simulated, role }) => ({
      slug,
      name,
      preset,
      simulated,
      role,
    })),
    zones: timezones(),
  };
};

export const actions: Actions = {
  create: async (event) => {
    const person = authorizeUser(event);
    const form = await event.request.formData();
    const text = (name: string) => String(form.get(name) ?? '');
    const values = { name: text('name'), preset: text('preset'), timezone: text('timezone') };
    let slug: string;
    try {
      ({ slug } = await createWorkspace(person, values));
    } catch (thrown) {
      return actionFailure(thrown, values);
    }
    redirect(303, `/setup/next?ws=${slug}`);
  },
};
