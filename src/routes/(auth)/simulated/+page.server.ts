import { redirect } from '@sveltejs/kit';
import { authorizeUser } from '#lib/server/auth/visitor.ts';
import { actionFailure } from '#lib/server/error-mapping.ts';
import { startSimulation } from '#lib/server/services/simulation/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = (event) => {
  authorizeUser(event);
  return {};
};

const FIELDS = ['name', 'seed', 'outcomes', 'ratePerSecond'] as const;

export const actions: Actions = {
  start: async (event) => {
    const person = authorizeUser(event);
    const form = await event.request.formData();
    const said = FIELDS.flatMap((name) => {
      const value = form.get(name);
      return typeof value === 'string' && value.trim() !== '' ? [[name, value.trim()] as const] : [];
    });
    const values: Partial<Record<(typeof FIELDS)[number], string>> = Object.fromEntries(said);
    let slug: string;
    try {
      ({ slug } = await startSimulation(person, values));
    } catch (thrown) {
      return actionFailure(thrown, values);
    }
    redirect(303, `/w/${slug}`);
  },
};
