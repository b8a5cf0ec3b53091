import { authorizeOperator } from '#lib/server/auth/operators.ts';
import { actionFailure, pageError } from '#lib/server/error-mapping.ts';
import { setFlag } from '#lib/server/services/flags/index.ts';
import { readInstallation } from './read-installation.server.ts';
import type { Actions, PageServerLoad } from './$types';

/** How events reach readers on all servers, and the switch of streaming. */
export const load: PageServerLoad = async (event) => {
  const person = await authorizeOperator(event);
  return { installation: await readInstallation(person).catch(pageError) };
};

export const actions: Actions = {
  streaming: async (event) => {
    const person = await authorizeOperator(event);
    const form = await event.request.formData();
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const values = { choice: text('choice'), percent: text('percent'), note: text('note') };
    const whole = /^\d{1,3}\s*%?$/.test(values.percent) ? Number.parseInt(values.percent, 10) : Number.NaN;
    // "Everybody" is 100 whatever the field says; "nobody" keeps a share for later, when there is one.
    const percent =
      values.choice === 'everybody' || (values.choice === 'nobody' && !(whole <= 100)) ? 100 : whole;
    try {
      await setFlag(person, { key: 'streaming', on: values.choice !== 'nobody', percent, note: values.note });
      return { saved: true };
    } catch (thrown) {
      return actionFailure(thrown, values);
    }
  },
};
