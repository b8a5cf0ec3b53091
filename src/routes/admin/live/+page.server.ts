import { timezones } from '#lib/contracts/timezones.ts';
import { authorizeOperator } from '#lib/server/auth/operators.ts';
import { actionFailure, pageError } from '#lib/server/error-mapping.ts';
import { setFlag } from '#lib/server/services/flags/index.ts';
import {
  announceMaintenance,
  maintenanceForm,
  withdrawMaintenance,
} from '#lib/server/services/notices/index.ts';
import { readInstallation } from './read-installation.server.ts';
import type { Actions, PageServerLoad } from './$types';

/** How events reach readers on all servers, the switch of streaming, and what is announced. */
export const load: PageServerLoad = async (event) => {
  const person = await authorizeOperator(event);
  const { maintenance } = await event.parent();
  return {
    installation: await readInstallation(person).catch(pageError),
    announced: maintenanceForm(maintenance),
    zones: timezones(),
  };
};

const textsOf = async ({ request }: { request: Request }) => {
  const form = await request.formData();
  return (name: string) => String(form.get(name) ?? '').trim();
};

export const actions: Actions = {
  streaming: async (event) => {
    const person = await authorizeOperator(event);
    const text = await textsOf(event);
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
  announce: async (event) => {
    const person = await authorizeOperator(event);
    const text = await textsOf(event);
    const announcement = {
      message: text('message'),
      from: text('from'),
      until: text('until'),
      timezone: text('timezone'),
    };
    try {
      await announceMaintenance(person, announcement);
      return { announced: 'now' as const };
    } catch (thrown) {
      return actionFailure(thrown, { announcement });
    }
  },
  withdraw: async (event) => {
    const person = await authorizeOperator(event);
    try {
      await withdrawMaintenance(person);
      return { announced: 'no longer' as const };
    } catch (thrown) {
      return actionFailure(thrown, { announcement: null });
    }
  },
};
