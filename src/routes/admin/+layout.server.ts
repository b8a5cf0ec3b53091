import { authorizeOperator } from '#lib/server/auth/operators.ts';
import { pageError } from '#lib/server/error-mapping.ts';
import { readMaintenance } from '#lib/server/services/notices/index.ts';
import type { LayoutServerLoad } from './$types';

/** What is announced, for the band above every page and for the form that changes it. */
export const load: LayoutServerLoad = async (event) => {
  const { app } = await authorizeOperator(event);
  return { maintenance: await readMaintenance(app.db.sql).catch(pageError) };
};
